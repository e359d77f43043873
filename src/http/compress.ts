/**
 * Packs large answers, off the event loop, for clients that can unpack them.
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';

type Encoding = 'gzip' | 'deflate';

/** Shorter ones fit into a few packets anyway, and are sent as the strings that they are. Characters. */
const worthIt = 32_768;

/** The fastest level: FHIR's JSON shrinks to a tenth with it, and to little less with others that take thrice the time. */
const options = { level: constants.Z_BEST_SPEED };
const packers = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;

/** How an answer of this length is packed for a client with this Accept-Encoding; undefined: as it is. */
export function encodingOf(accept: string | undefined, length: number): Encoding | undefined {
  if (accept === undefined || length < worthIt) return undefined;
  const quality = new Map(
    accept.split(',').map((one): [string, number] => {
      const [name = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
      const q = parameters.find((parameter) => parameter.startsWith('q='));
      return [name, q === undefined ? 1 : Number(q.slice(2))];
    }),
  );
  const [best] = (['gzip', 'deflate'] as const)
    .map((name) => ({ name, q: quality.get(name) ?? quality.get('*') ?? 0 }))
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q);
  return best?.name;
}

export function pack(body: string | Buffer, encoding: Encoding): Promise<Buffer> {
  return packers[encoding](body, options);
}
