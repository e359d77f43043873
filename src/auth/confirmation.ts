/**
 * Whether who sends a bound token is who it was given to.
 * https://www.rfc-editor.org/rfc/rfc9449#section-7, https://www.rfc-editor.org/rfc/rfc8705#section-3
 */
import { FhirError } from '../shared/errors.ts';
import { saveArtifactOnce } from '../store/oidc/save-artifact.ts';
import type { Database } from '../store/store.ts';
import { certificateThumbprint } from './certificates.ts';
import { checkProof, ProofError, proofAlgorithms, proofSeconds } from './dpop-proof.ts';

/** What a token is bound to, as `cnf` names it. */
export interface Confirmation {
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

/** What of a request shows who sends it. */
export interface Proving {
  /** The DPoP header. */
  readonly dpop?: string | undefined;
  readonly method?: string | undefined;
  /** Path and query as they were asked for, beginning with a slash. */
  readonly url?: string | undefined;
  /** The certificate of the peer, PEM. */
  readonly certificate?: string | undefined;
}

export interface Presented {
  readonly scheme: 'bearer' | 'dpop';
  readonly token: string;
}

/** Throws FhirError `unauthenticated` with the challenge that tells how to do it. */
export type Confirm = (presented: Presented, confirmation: Confirmation, proving: Proving) => Promise<void>;

const algorithms = `algs="${proofAlgorithms.join(' ')}"`;

function refusal(scheme: 'Bearer' | 'DPoP', error: string, message: string, nonce?: string): FhirError {
  const words = `${scheme} error="${error}", error_description="${message}"`;
  const challenge = scheme === 'DPoP' ? `${words}, ${algorithms}` : words;
  return new FhirError('unauthenticated', `The access token is not taken: ${message}.`, {
    challenge,
    ...(nonce === undefined ? {} : { dpopNonce: nonce }),
  });
}

/** `origin` is that of the public URL; `nonceKey` 32 bytes that all processes share. */
export function confirmer(db: Database, origin: string, nonceKey: Uint8Array): Confirm {
  async function confirmProof({ scheme, token }: Presented, thumbprint: string, proving: Proving): Promise<void> {
    const { dpop, method = '', url = '' } = proving;
    if (scheme === 'bearer')
      throw refusal('DPoP', 'invalid_token', 'it is bound to a key: send it as DPoP with a proof');
    if (dpop === undefined) throw refusal('DPoP', 'invalid_dpop_proof', 'the DPoP header is missing');
    const once = (jti: string) =>
      saveArtifactOnce(db, {
        model: 'ReplayDetection',
        id: `resource server ${thumbprint} ${jti}`,
        payload: {},
        // One ahead of its time stays good for twice the window.
        expiresIn: 2 * proofSeconds,
      });
    try {
      await checkProof({
        proof: dpop,
        method,
        url: `${origin}${url}`,
        token,
        thumbprint,
        nonceKey,
        once,
        now: Date.now(),
      });
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      throw refusal('DPoP', error.nonce ? 'use_dpop_nonce' : 'invalid_dpop_proof', error.message, error.nonce);
    }
  }

  return async (presented, confirmation, proving) => {
    const { jkt, 'x5t#S256': thumbprint } = confirmation;
    if (jkt !== undefined) await confirmProof(presented, jkt, proving);
    else if (presented.scheme === 'dpop') throw refusal('DPoP', 'invalid_token', 'it is not bound to a key');
    if (thumbprint === undefined) return;
    if (proving.certificate !== undefined && certificateThumbprint(proving.certificate) === thumbprint) return;
    throw refusal('Bearer', 'invalid_token', 'it is bound to a certificate that the connection does not have');
  };
}
