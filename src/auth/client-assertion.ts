/**
 * What SMART asks of a client's assertion beyond what the library checks.
 * http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
 */
import { type Client, errors } from 'oidc-provider';
import { assertionSeconds, clockSkewSeconds } from './lifetimes.ts';

type Claims = Readonly<Record<string, unknown>>;

const longestId = 512;

/** FAPI 2.0 knows one audience: the issuer as a text. https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.2.1 */
function isAudience(aud: unknown, issuer: string, client: Client): boolean {
  return client['livedoc_fapi'] !== true || aud === issuer;
}

/** FAPI 2.0 has no RSASSA-PKCS1-v1_5. https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.4.1 */
const isWeak = (alg: unknown, client: Client) => client['livedoc_fapi'] === true && /^RS/.test(String(alg));

/** Throws InvalidClientAuth; `now` is in milliseconds. */
export function checkAssertion(
  claims: Claims,
  header: Claims,
  client: Client,
  { issuer, now = Date.now() }: { readonly issuer: string; readonly now?: number },
): void {
  const refuse = (reason: string) => {
    throw new errors.InvalidClientAuth(reason);
  };
  const { exp, iss, sub, jti } = claims;
  if (typeof exp !== 'number' || exp > now / 1000 + assertionSeconds + clockSkewSeconds) {
    refuse(`exp is more than ${assertionSeconds} seconds ahead`);
  }
  if (sub !== iss) refuse('sub is not iss');
  if (typeof jti !== 'string' || jti.length > longestId) refuse(`jti is not a text of at most ${longestId} characters`);
  if (!isAudience(claims['aud'], issuer, client)) refuse('aud is not the issuer');
  if (isWeak(header['alg'], client)) refuse('alg is not one of FAPI 2.0');
  if (typeof header['kid'] !== 'string') refuse('kid is missing in the header');
  if (header['jku'] !== undefined && header['jku'] !== client['livedoc_jwks_uri'])
    refuse('jku is not the registered URL');
}
