/** What a person sees of the applications that they have let in, and how they take it back. */
import type { Application } from '../../store/consent/applications.ts';
import type { Store } from '../../store/store.ts';
import { applicationsOf, type Deciding, withdraw } from './decisions.ts';

export type { Application } from '../../store/consent/applications.ts';

export interface Applications {
  /** Of the person with this account, the newest decision first. */
  list(userId: string): Promise<readonly Application[]>;
  /** Ends all that the application has, in every process. Throws FhirError `notFound` when it has nothing. */
  withdraw(who: Omit<Deciding, 'clientName'>): Promise<void>;
}

export function applicationsIn(store: Store): Applications {
  return { list: (userId) => applicationsOf(store, userId), withdraw: (who) => withdraw(store, who) };
}
