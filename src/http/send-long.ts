/** Sends what is long piece by piece, as fast as the client takes it: no more than a few pieces of it wait in memory as bytes. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Sends pieces after the head; a client that goes away ends it, and is no error. Throws what the pieces throw. */
export async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer | string>,
): Promise<void> {
  try {
    await pipeline(Readable.from(pieces, { highWaterMark: 2 }), response);
  } catch (error) {
    response.destroy();
    // Whoever asked went away.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** Characters of a piece: some tens of microseconds to encode, so that other requests have their turn in between. */
const pieceLength = 65_536;

/** Text of more characters than this is worth it. */
export const longText = 4 * pieceLength;

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;

/** The text's UTF-8 in pieces, none of which ends within a character. */
export function* piecesOf(text: string): Generator<Buffer> {
  for (let at = 0; at < text.length; ) {
    const most = Math.min(at + pieceLength, text.length);
    const end = most < text.length && isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
    yield Buffer.from(text.slice(at, end));
    at = end;
  }
}
