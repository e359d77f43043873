/**
 * What SMART asks of a client's assertion beyond what the library checks.
 * http://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
 */
import { type Client, errors } from 'oidc-provider';
import { assertionSeconds, clockSkewSeconds } from './lifetimes.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Throws InvalidClientAuth; `now` is in milliseconds. */
export function checkAssertion(claims: Claims, header: Claims, client: Client, now = Date.now()): void {
  const refuse = (reason: string) => {
    throw new errors.InvalidClientAuth(reason);
  };
  const { exp, iss, sub } = claims;
  if (typeof exp !== 'number' || exp > now / 1000 + assertionSeconds + clockSkewSeconds) {
    refuse(`exp is more than ${assertionSeconds} seconds ahead`);
  }
  if (sub !== iss) refuse('sub is not iss');
  if (typeof header['kid'] !== 'string') refuse('kid is missing in the header');
  if (header['jku'] !== undefined && header['jku'] !== client.jwksUri) refuse('jku is not the registered URL');
}
