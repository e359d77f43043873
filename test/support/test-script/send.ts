/** HTTP as a TestScript asks for it: any method, any header, and URLs that need not be encoded. */
import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import type { Message } from './message.ts';

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Send the characters of the URL as they are. */
  readonly raw?: boolean;
}

export type Send = (request: Request) => Promise<Message>;

/** Encodes what may not be in a URL, and leaves what is encoded already. */
function encoded(url: string): URL {
  return new URL(encodeURI(url).replace(/%25([0-9A-Fa-f]{2})/g, '%$1'));
}

/** The path and query as they stand in an absolute URL. */
const rawPath = (url: string) => url.replace(/^[a-z]+:\/\/[^/?]*/i, '');

/** Sends requests with these headers added, for instance Authorization. Rejects when there is no answer in `milliseconds`. */
export function sender(added: Readonly<Record<string, string>>, milliseconds = 30_000): Send {
  return ({ method, url, headers, body, raw = false }) => {
    const to = encoded(url);
    const length: Record<string, string> = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
    return new Promise((resolve, reject) => {
      const options = {
        method,
        headers: { ...added, ...headers, ...length },
        signal: AbortSignal.timeout(milliseconds),
        ...(raw ? { path: rawPath(url) } : {}),
      };
      const sent = (to.protocol === 'https:' ? https : http)(to, options, (answer) => {
        read(answer).then((text) => resolve(answered(answer, { method, url, text })), reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
}

async function read(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function answered(answer: IncomingMessage, about: Pick<Message, 'text'> & { method: string; url: string }): Message {
  const headers = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
  return { ...about, status: answer.statusCode ?? 0, headers: Object.fromEntries(headers) };
}
