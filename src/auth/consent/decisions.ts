/**
 * Decisions of persons about applications: kept, recalled, taken back, each with its trace.
 * https://profiles.ihe.net/ITI/BALP/StructureDefinition-IHE.BasicAudit.AuthZconsent.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { User } from '../../store/accounts/users.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import { type Application, findApplications, removeApplication } from '../../store/consent/applications.ts';
import { findDecision, saveDecision } from '../../store/consent/decisions.ts';
import type { Store } from '../../store/store.ts';
import { personAgent } from '../agents.ts';
import { maximumScopeLength } from '../scopes.ts';
import { type Decision, joined } from './memory.ts';

/** Whose decision about which application, and where it came from. */
export interface Deciding {
  readonly user: User;
  readonly clientId: string;
  readonly clientName: string;
  readonly address: string;
  readonly requestId?: string | undefined;
}

type Outcome = 'given' | 'remembered' | 'refused' | 'withdrawn';

function recordOf(
  { user, clientId, clientName, address, requestId }: Deciding,
  outcome: Outcome,
  scopes: Readonly<Record<string, readonly string[]>>,
): AuditRecord {
  const texts = Object.entries(scopes).map(([name, words]) => [name, words.join(' ')] as const);
  return {
    type: 'authorization',
    subtype: outcome,
    action: outcome === 'withdrawn' ? 'D' : 'E',
    outcome: outcome === 'refused' ? '4' : '0',
    recorded: new Date(),
    user: personAgent(user),
    client: { name: clientName },
    address,
    entities: [{ detail: { client_id: clientId, ...Object.fromEntries(texts) } }],
    patients: [],
    ...(requestId === undefined ? {} : { requestId }),
  };
}

const words = (text: string) => text.split(' ').filter((word) => word !== '');
const partiesOf = ({ user, clientId }: Pick<Deciding, 'user' | 'clientId'>) => ({ userId: user.id, clientId });

/** What the person decided about the application before. */
export async function recallDecision(
  store: Store,
  who: Pick<Deciding, 'user' | 'clientId'>,
): Promise<Decision | undefined> {
  const row = await findDecision(store.db, partiesOf(who));
  return row && { asked: words(row.asked), given: words(row.given) };
}

/** An application that asks for something else each time is not remembered for ever. */
const longestMemory = 2 * maximumScopeLength;

/** Keeps what the person gave just now, beside what they decided before about other things. */
export async function keepDecision(store: Store, who: Deciding, now: Decision): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.lock([`app consent ${who.user.id} ${who.clientId}`]);
    const both = joined(await recallDecision(tx, who), now);
    const kept = both.asked.join(' ').length > longestMemory ? now : both;
    await saveDecision(tx.db, partiesOf(who), { asked: kept.asked.join(' '), given: kept.given.join(' ') });
    await tx.audit.append(recordOf(who, 'given', { asked: now.asked, given: now.given }));
  });
}

/** Leaves the trace of a decision that needed no page, or that was a refusal. */
export async function traceDecision(
  store: Store,
  who: Deciding,
  outcome: 'remembered' | 'refused',
  { asked, given }: Decision,
): Promise<void> {
  await store.audit.append(recordOf(who, outcome, { asked, given }));
}

/** The applications that a person has let in, the newest decision first. */
export function applicationsOf(store: Store, userId: string): Promise<readonly Application[]> {
  return findApplications(store.db, userId);
}

/**
 * Takes back all that the application was given: the decision, and at once, wherever they are used, its tokens. Throws
 * FhirError `notFound` when the person has not let it in.
 */
export async function withdraw(store: Store, who: Omit<Deciding, 'clientName'>): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.lock([`app consent ${who.user.id} ${who.clientId}`]);
    const removed = await removeApplication(tx.db, partiesOf(who));
    if (!removed) throw new FhirError('notFound', 'You have not let this application in.');
    await tx.audit.append(recordOf({ ...who, clientName: removed.name }, 'withdrawn', { given: words(removed.given) }));
  });
}
