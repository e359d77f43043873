/** What the second factor stands on. */
import type { UserRole } from '../../store/accounts/users.ts';
import type { Store } from '../../store/store.ts';
import type { Secret } from '../secret.ts';
import type { RelyingParty } from './webauthn.ts';

export interface FactorDeps {
  readonly store: Store;
  readonly secret: Secret;
  readonly rp: RelyingParty;
  /** The roles that cannot sign in without a second factor. */
  readonly roles: readonly UserRole[];
  readonly now: () => Date;
}

/** Where a form was sent from and for which application, for limits and the audit trail. */
export interface FactorPeer {
  readonly address: string;
  readonly clientName: string;
  readonly requestId?: string | undefined;
}

export const recoveryKey = (secret: Secret) => secret.derive('recovery codes');
/** What the sealed secret of a device is about. */
export const aboutTotp = (factorId: string) => `second factor ${factorId}`;
