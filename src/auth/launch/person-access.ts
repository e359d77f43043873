/** What a person may see by role, before any application has been given anything: for choosing a patient. */
import type { Access } from '../../fhir/access.ts';
import type { Context } from '../../fhir/context.ts';
import { extract } from '../../fhir/search/extract.ts';
import type { Logger } from '../../shared/logger.ts';
import type { User } from '../../store/accounts/users.ts';
import { listGlasses } from '../../store/glass/glass.ts';
import type { Database, Store } from '../../store/store.ts';
import { rulesOf } from '../access.ts';
import { personAgent } from '../agents.ts';
import type { Veils } from '../consents/follow.ts';
import { accessUnder } from '../veiled-access.ts';

export interface PersonDeps {
  readonly store: Store;
  /** The FHIR base. */
  readonly base: string;
  /** 32 bytes that seal the links to further pages. */
  readonly pageKey: Uint8Array;
  readonly log: Logger;
  readonly personAccess: PersonAccess;
}

/** For whose application something is looked at, and from where. */
export interface Occasion {
  readonly clientName: string;
  readonly address?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Everything that the role gives the person, less what Consents and labels close, as it would be for a token. */
export type PersonAccess = (user: User, occasion: Occasion) => Promise<Access>;

const mostOpened = 100;

export function personAccessOf(db: Database, base: string, veils: Veils | undefined): PersonAccess {
  return async (user, { clientName, address, requestId }) => {
    const caller = {
      userId: user.id,
      role: user.role,
      practitioner: `Practitioner/${user.practitionerId}`,
      user: personAgent(user),
      client: { name: clientName },
      ...(address === undefined ? {} : { address }),
      ...(requestId === undefined ? {} : { requestId }),
    };
    const query = { status: 'open', userId: user.id, limit: mostOpened, offset: 0 } as const;
    const opened = veils ? await listGlasses(db, query) : [];
    const records = opened.map(({ patient, expiresAt }) => ({ patient, expires: expiresAt.getTime() }));
    return accessUnder(
      veils,
      rulesOf(caller, 'user/*.cruds', (resource) => extract(resource, { base })),
      caller,
      records,
    );
  };
}

/** With which a person reads and searches. */
export function personContext(
  { store, base, pageKey, log }: Omit<PersonDeps, 'personAccess'>,
  access: Access,
): Context {
  return { store, base, pageKey, log, access, validate: () => [], now: () => new Date() };
}
