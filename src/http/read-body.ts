/** Reads a request's body into memory, unpacked when it is packed, never more than a limit of it. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { FhirError } from '../shared/errors.ts';

const unpackers = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate) } as const;

/** What is still thrown away of a refused body, bytes; who sends more than that does not listen. */
const maxDrained = 2 ** 28;

/**
 * The whole body. Throws `tooLarge` as soon as more than `limit` bytes are announced, have come, or come out of a packed
 * body, `unsupportedMedia` for a Content-Encoding other than gzip and deflate.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return readBytes(request, limit);
  if (!Object.hasOwn(unpackers, encoding)) {
    const message = `Content-Encoding ${encoding} is not supported; gzip and deflate are.`;
    throw new FhirError('unsupportedMedia', message);
  }
  const packed = await readBytes(request, limit);
  try {
    return await unpackers[encoding as keyof typeof unpackers](packed, { maxOutputLength: limit });
  } catch (cause) {
    const isBomb = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw isBomb ? tooLarge(limit) : new FhirError('invalid', `The body is no ${encoding} data.`, { cause });
  }
}

function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge(limit));
      }
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', () => reject(new FhirError('invalid', 'The body broke off.')));
  });
}

function tooLarge(limit: number): FhirError {
  return new FhirError('tooLarge', `The body is larger than ${limit} bytes.`);
}

/**
 * Throws away what is still on its way of a request that is refused, so that the client gets to read the answer and can go
 * on with the same connection; breaks it off when there is no end to it.
 */
export function drain(request: IncomingMessage): void {
  if (request.readableEnded) return;
  let left = maxDrained;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
