/**
 * How oidc-provider binds tokens to their senders and what it asks of clients that are held to more than SMART: DPoP
 * (RFC 9449), certificates (RFC 8705), pushed requests (RFC 9126), the FAPI 2.0 Security Profile. Each is chosen by client.
 * https://openid.net/specs/fapi-security-profile-2_0-final.html
 */
import type { Client, Configuration } from 'oidc-provider';
import { type CertificateOf, certificateMatches } from './certificates.ts';
import { askForPushedOfflineAccess } from './consent/prompt.ts';

type Features = NonNullable<Configuration['features']>;

export const isFapi = (client: Client | undefined): boolean => client?.['livedoc_fapi'] === true;

/** `nonceKey` (32 bytes) is the same in all processes: a nonce of one is good at another. */
export function senderConstraints(
  nonceKey: Buffer,
  certificateOf: CertificateOf,
): Pick<Features, 'dPoP' | 'mTLS' | 'pushedAuthorizationRequests' | 'fapi'> {
  return {
    // A proof without a nonce is good while it is fresh and new; one whose clock is off is given a nonce.
    dPoP: { enabled: true, nonceSecret: nonceKey, requireNonce: () => false },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: (ctx) => certificateOf(ctx.req)?.pem,
      certificateAuthorized: (ctx) => certificateOf(ctx.req)?.isAuthorized === true,
      certificateSubjectMatches(ctx, member, expected) {
        const certificate = certificateOf(ctx.req);
        return certificate !== undefined && certificateMatches(certificate.pem, member, expected);
      },
    },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: false },
    fapi: {
      enabled: true,
      profile(ctx, client) {
        // Here because the library asks for the profile after it has the parameters and before it judges them.
        askForPushedOfflineAccess(ctx);
        return isFapi(client) ? '2.0' : undefined;
      },
    },
  };
}
