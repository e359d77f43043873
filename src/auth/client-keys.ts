/**
 * The public keys of a client: which are of use, and what is wrong with a set.
 * https://www.rfc-editor.org/rfc/rfc7517, http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
 */
import { createPublicKey, type JsonWebKeyInput } from 'node:crypto';

type Jwk = Readonly<Record<string, unknown>>;

const mostKeys = 100;
const leastRsaBits = 2048;
const curves: readonly unknown[] = ['P-256', 'P-384', 'P-521'];
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

function strengthProblem(name: string, key: Jwk): string | undefined {
  if (key['kty'] === 'EC' && !curves.includes(key['crv'])) return `${name} is on no curve that is used here.`;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key, format: 'jwk' } as JsonWebKeyInput);
    const bits = asymmetricKeyDetails?.modulusLength ?? leastRsaBits;
    return bits < leastRsaBits ? `${name} has ${bits} bits; ${leastRsaBits} is the least.` : undefined;
  } catch {
    return `${name} is not a key.`;
  }
}

function keyProblem(key: Jwk): string | undefined {
  if (key === null || typeof key !== 'object') return 'The keys of a JWKS are objects.';
  const name = `Key ${JSON.stringify(key['kid'] ?? '')}`;
  if (typeof key['kid'] !== 'string' || key['kid'] === '') return 'Every key of the JWKS needs a kid.';
  if (key['kty'] !== 'RSA' && key['kty'] !== 'EC') return `${name} is neither RSA nor EC.`;
  const secret = privateMembers.find((member) => member in key);
  if (secret) return `${name} has the private member ${secret}: register the public half only.`;
  for (const member of ['alg', 'use'] as const) {
    if (key[member] !== undefined && typeof key[member] !== 'string')
      return `${name} has an ${member} that is no text.`;
  }
  return strengthProblem(name, key);
}

/** What is wrong with a set that somebody registers. */
export function keySetProblem({ keys }: { readonly keys: readonly Jwk[] }): string | undefined {
  if (!Array.isArray(keys) || keys.length === 0) return 'The JWKS has no keys.';
  if (keys.length > mostKeys) return `The JWKS has more than ${mostKeys} keys.`;
  return keys.map(keyProblem).find((problem) => problem !== undefined);
}

/** The keys of a fetched set that are of use here; others (encryption, other kinds) are the client's own business. */
export function usefulKeys(body: unknown): readonly Jwk[] {
  const keys = (body as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('it is not a JWKS');
  if (keys.length > mostKeys) throw new RangeError(`it has more than ${mostKeys} keys`);
  const useful = (keys as Jwk[]).filter((key) => keyProblem(key) === undefined && (key['use'] ?? 'sig') === 'sig');
  if (useful.length === 0) throw new TypeError('it has no public RSA or EC key with a kid that signs');
  return useful;
}
