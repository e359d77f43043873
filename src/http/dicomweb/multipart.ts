/**
 * Multipart bodies as a stream of streams: never more in memory than one chunk.
 * https://www.rfc-editor.org/rfc/rfc2046#section-5.1
 *
 * Parsers of form uploads look for names and files that multipart/related has not; this is all that it has.
 */

export interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** What the consumer leaves unread is skipped before the next part. */
  readonly body: AsyncIterable<Buffer>;
}

/** The body is not what its boundary promised. */
export class MultipartError extends Error {}

/** Real part headers are a few lines. */
const longestHeaders = 16_384;

const crlf = Buffer.from('\r\n');
const endOfHeaders = Buffer.from('\r\n\r\n');

/** Bytes that were read from the source and not yet used. */
class Window {
  // The first delimiter may stand at the very beginning, where no line break is before it.
  bytes: Buffer = crlf;
  /** Whether the last `until` came to its mark. */
  reached = true;
  readonly #source: AsyncIterator<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async more(): Promise<void> {
    const { value, done } = await this.#source.next();
    if (done) throw new MultipartError('The body ends before its last boundary.');
    this.bytes = this.bytes.length === 0 ? value : Buffer.concat([this.bytes, value]);
  }

  skip(count: number): void {
    this.bytes = this.bytes.subarray(count);
  }

  /** Yields what is before `mark`, and skips both. */
  async *until(mark: Buffer): AsyncGenerator<Buffer> {
    this.reached = false;
    for (;;) {
      const at = this.bytes.indexOf(mark);
      // Without the mark, all but what may be its beginning.
      const count = at >= 0 ? at : this.bytes.length - mark.length + 1;
      if (count > 0) {
        const before = this.bytes.subarray(0, count);
        this.skip(count);
        yield before;
      }
      if (at >= 0) {
        this.skip(mark.length);
        this.reached = true;
        return;
      }
      await this.more();
    }
  }
}

async function drain(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const _ of bytes);
}

/** Reads the rest of the delimiter's line; whether it was the last one. */
async function isLast(window: Window): Promise<boolean> {
  while (window.bytes.length < 2) await window.more();
  if (window.bytes.toString('latin1', 0, 2) === '--') return true;
  while (window.bytes.indexOf(crlf) < 0 && window.bytes.length <= longestHeaders) await window.more();
  const padding = window.bytes.subarray(0, Math.max(0, window.bytes.indexOf(crlf))).toString('latin1');
  if (window.bytes.indexOf(crlf) < 0 || /[^ \t]/.test(padding))
    throw new MultipartError('There is something after a boundary on its line.');
  window.skip(padding.length);
  return false;
}

/** Reads header lines; the window begins with the line break before them. */
async function readHeaders(window: Window): Promise<ReadonlyMap<string, string>> {
  while (window.bytes.indexOf(endOfHeaders) < 0) {
    if (window.bytes.length > longestHeaders) throw new MultipartError('The headers of a part are too long.');
    await window.more();
  }
  const end = window.bytes.indexOf(endOfHeaders);
  const lines = window.bytes.toString('latin1', crlf.length, Math.max(crlf.length, end)).split(/\r\n(?![ \t])/);
  window.skip(end + endOfHeaders.length);
  const headers = lines.filter(Boolean).map((line) => {
    const colon = line.indexOf(':');
    if (colon <= 0) throw new MultipartError('A header of a part has no name.');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return new Map(headers);
}

/** The parts of a body, one after the other. Throws MultipartError; errors of the source pass through. */
export async function* multipart(source: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Part> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const window = new Window(source);
  await drain(window.until(delimiter));
  while (!(await isLast(window))) {
    const headers = await readHeaders(window);
    // A part that nobody reads never begins to look for its end.
    window.reached = false;
    yield { headers, body: window.until(delimiter) };
    if (!window.reached) await drain(window.until(delimiter));
  }
}
