/** Reads a request's body into memory, never more than a limit of it. */
import type { IncomingMessage } from 'node:http';
import { FhirError } from '../shared/errors.ts';

/**
 * The whole body. Throws `tooLarge` as soon as more than `limit` bytes are announced or have come; what still comes then
 * is thrown away as it comes, so that the client gets to read the answer.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) {
    request.resume();
    return Promise.reject(tooLarge(limit));
  }
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
