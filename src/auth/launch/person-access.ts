/** What a person may see by role, before any application has been given anything: for choosing a patient. */
import type { Access } from '../../fhir/access.ts';
import type { Context } from '../../fhir/context.ts';
import { extract } from '../../fhir/search/extract.ts';
import type { Logger } from '../../shared/logger.ts';
import type { User } from '../../store/accounts/users.ts';
import type { Store } from '../../store/store.ts';
import { accessOf } from '../access.ts';
import { personAgent } from '../agents.ts';

export interface PersonDeps {
  readonly store: Store;
  /** The FHIR base. */
  readonly base: string;
  /** 32 bytes that seal the links to further pages. */
  readonly pageKey: Uint8Array;
  readonly log: Logger;
}

/** For whose application something is looked at, and from where. */
export interface Occasion {
  readonly clientName: string;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Everything that the role gives the person. */
export function personAccess(user: User, { clientName, address, requestId }: Occasion): Access {
  const caller = {
    userId: user.id,
    role: user.role,
    practitioner: `Practitioner/${user.practitionerId}`,
    user: personAgent(user),
    client: { name: clientName },
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
  };
  return accessOf(caller, 'user/*.cruds', extract);
}

/** With which a person reads and searches. */
export function personContext({ store, base, pageKey, log }: PersonDeps, access: Access): Context {
  return { store, base, pageKey, log, access, validate: () => [], now: () => new Date() };
}
