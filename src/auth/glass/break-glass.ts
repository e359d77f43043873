/**
 * Break-the-glass: a person proves again who they are, says why, and sees one closed record for a limited time; somebody
 * else judges that afterwards. https://hl7.org/fhir/R4/security-labels.html#break-the-glass
 */
import type { Caller, Role } from '../../fhir/access.ts';
import { FhirError } from '../../shared/errors.ts';
import { isId, newId } from '../../shared/id.ts';
import type { Logger } from '../../shared/logger.ts';
import {
  endExpiredGlasses,
  endGlass,
  findGlass,
  type Glass,
  type GlassQuery,
  listGlasses,
  openGlass,
  reviewGlass,
  type Verdict,
} from '../../store/glass/glass.ts';
import type { Store } from '../../store/store.ts';
import type { FactorDeps } from '../factors/deps.ts';
import { type Reproof, reauthenticate } from '../factors/reauthenticate.ts';
import { type GlassActor, refusalRecord, reviewRecord, startRecord, stopRecord } from './records.ts';

export interface GlassDeps {
  readonly store: Store;
  readonly factors: FactorDeps;
  /** Who may break the glass. */
  readonly roles: ReadonlySet<Role>;
  /** The longest time, minutes. */
  readonly minutes: number;
  /** Called before an answer that opens or shuts a record: this process does not wait for the news of it. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/** Who asks: a person, by an application or by a page of ours. */
export interface GlassCaller extends GlassActor, Pick<Caller, 'userId' | 'role' | 'patient'> {
  /** Of the browser's session, to which the challenges of keys are bound; absent: there is none. */
  readonly sessionUid?: string;
}

interface GlassAsked {
  /** Id of the Patient. */
  readonly patient: string;
  /** Code of `break-the-glass-reason`. */
  readonly reason: string;
  readonly explanation: string;
  /** Absent: the longest time. */
  readonly minutes?: number | undefined;
}

interface Review {
  readonly verdict: Verdict;
  readonly comment: string;
}

export interface BreakGlass {
  /** The longest time, minutes. */
  readonly minutes: number;
  mayOpen(role: Role | undefined): boolean;
  /**
   * Opens a record; in force in every process when it resolves, or within a moment. Throws FhirError: `forbidden` (role,
   * proof), `notFound` (patient), `invalid` (time), `conflict` (open already), `throttled` (too many tries).
   */
  open(caller: GlassCaller, asked: GlassAsked, proof: Reproof): Promise<Glass>;
  /** Ends it at once: one's own, or as an administrator. Throws `notFound` and `conflict` (not open). */
  end(caller: GlassCaller, id: string, isAdministrator: boolean): Promise<Glass>;
  /** Throws `notFound`, `forbidden` (one's own) and `conflict` (has its verdict). A record that was opened without reason is shut. */
  review(caller: GlassCaller, id: string, review: Review): Promise<Glass>;
  /** One's own, or as an administrator anybody's. Throws `notFound`. */
  find(caller: GlassCaller, id: string, isAdministrator: boolean): Promise<Glass>;
  list(query: GlassQuery): Promise<readonly Glass[]>;
  /** Notes the ends that came by themselves; returns how many. */
  endExpired(): Promise<number>;
}

const atOnce = 100;

const isOpen = ({ endedAt, expiresAt }: Glass) => endedAt === null && expiresAt.getTime() > Date.now();

const unknown = (id: string) => new FhirError('notFound', `Nothing was opened under the number ${id}.`);

/** The person's id; a service has no emergency. */
function personOf({ userId }: GlassCaller): string {
  if (userId === undefined) throw new FhirError('forbidden', 'Only a person breaks the glass, and for oneself.');
  return userId;
}

async function noteExpired(store: Store): Promise<number> {
  return store.transaction(async (tx) => {
    const ended = await endExpiredGlasses(tx.db, atOnce);
    for (const glass of ended) await tx.audit.append(stopRecord(glass, undefined));
    return ended.length;
  });
}

async function refused(deps: GlassDeps, caller: GlassCaller, asked: GlassAsked, error: FhirError): Promise<FhirError> {
  await deps.store.audit.append(refusalRecord(caller, asked.patient, error.message));
  deps.log.warn('break-the-glass was refused', { user: caller.userId, patient: asked.patient, reason: error.message });
  return error;
}

/** What can be said before anybody proves anything; the password of who may not is not asked for. */
async function problemOf({ store, roles, minutes }: GlassDeps, caller: GlassCaller, asked: GlassAsked) {
  if (caller.role === undefined || !roles.has(caller.role)) {
    return new FhirError('forbidden', `Your role may not break the glass; ${[...roles].join(' and ')} may.`);
  }
  if (caller.patient !== undefined && caller.patient !== asked.patient) {
    return new FhirError('forbidden', 'This application was launched for another patient.');
  }
  const time = asked.minutes ?? minutes;
  if (!Number.isInteger(time) || time < 1 || time > minutes) {
    return new FhirError('invalid', `A record is opened for 1 to ${minutes} minutes.`, { expression: ['minutes'] });
  }
  const version = isId(asked.patient) ? await store.resources.read('Patient', asked.patient) : undefined;
  if (!version || version.deleted) return new FhirError('notFound', `Patient/${asked.patient} is not known.`);
  return undefined;
}

/** Throws unless the person has just proved who they are. */
async function demandProof(deps: GlassDeps, caller: GlassCaller, userId: string, proof: Reproof): Promise<void> {
  const session = { user: { id: userId }, sessionUid: caller.sessionUid ?? '' };
  const peer = {
    address: caller.address ?? '',
    clientName: caller.client.name,
    ...(caller.requestId === undefined ? {} : { requestId: caller.requestId }),
  };
  const proved = await reauthenticate(deps.factors, session, proof, peer);
  if (proved.kind === 'welcome') return;
  if (proved.kind === 'refused') throw new FhirError('forbidden', 'The password, or the second factor, is not right.');
  const retryAfter = proved.seconds;
  throw new FhirError('throttled', `Too many tries. Try again in ${retryAfter} s.`, { retryAfter });
}

async function open(deps: GlassDeps, caller: GlassCaller, asked: GlassAsked, proof: Reproof): Promise<Glass> {
  const { store, log } = deps;
  const userId = personOf(caller);
  const problem = await problemOf(deps, caller, asked);
  if (problem) throw await refused(deps, caller, asked, problem);
  await demandProof(deps, caller, userId, proof).catch(async (error: unknown) => {
    throw error instanceof FhirError ? await refused(deps, caller, asked, error) : error;
  });
  await noteExpired(store);
  const { patient, reason, explanation } = asked;
  const opened = await store.transaction(async (tx) => {
    const glass = await openGlass(tx.db, {
      id: newId(Date.now()),
      userId,
      patient,
      reason,
      explanation,
      clientName: caller.client.name,
      address: caller.address,
      minutes: asked.minutes ?? deps.minutes,
    });
    if (glass) await tx.audit.append(startRecord(glass, caller));
    return glass;
  });
  if (!opened) throw new FhirError('conflict', `You have the record of Patient/${patient} open already.`);
  deps.onChange();
  const { id, expiresAt } = opened;
  log.warn('break-the-glass: a closed record was opened', {
    glass: id,
    user: userId,
    patient,
    reason,
    until: expiresAt,
  });
  return opened;
}

async function find({ store }: GlassDeps, caller: GlassCaller, id: string, isAdministrator: boolean): Promise<Glass> {
  const glass = await findGlass(store.db, id);
  if (!glass || (!isAdministrator && glass.userId !== caller.userId)) throw unknown(id);
  return glass;
}

async function end(deps: GlassDeps, caller: GlassCaller, id: string, isAdministrator: boolean): Promise<Glass> {
  const by = personOf(caller);
  await find(deps, caller, id, isAdministrator);
  const ended = await deps.store.transaction(async (tx) => {
    const glass = await endGlass(tx.db, id, by);
    if (glass) await tx.audit.append(stopRecord(glass, caller));
    return glass;
  });
  if (!ended) throw new FhirError('conflict', 'It is not open any more.');
  deps.onChange();
  return ended;
}

async function review(deps: GlassDeps, caller: GlassCaller, id: string, { verdict, comment }: Review): Promise<Glass> {
  const by = personOf(caller);
  const glass = await find(deps, caller, id, true);
  if (glass.userId === by) throw new FhirError('forbidden', 'Nobody judges what they did themselves.');
  const done = await deps.store.transaction(async (tx) => {
    const judged = await reviewGlass(tx.db, { id, verdict, comment, by });
    if (!judged) throw new FhirError('conflict', 'It has its verdict already.');
    await tx.audit.append(reviewRecord(judged, caller));
    if (verdict !== 'not-justified' || !isOpen(judged)) return judged;
    const ended = await endGlass(tx.db, id, by);
    if (ended) await tx.audit.append(stopRecord(ended, caller));
    return ended ?? judged;
  });
  deps.onChange();
  return done;
}

export function breakGlassOf(deps: GlassDeps): BreakGlass {
  return {
    minutes: deps.minutes,
    mayOpen: (role) => role !== undefined && deps.roles.has(role),
    open: (caller, asked, proof) => open(deps, caller, asked, proof),
    end: (caller, id, isAdministrator) => end(deps, caller, id, isAdministrator),
    review: (caller, id, given) => review(deps, caller, id, given),
    find: (caller, id, isAdministrator) => find(deps, caller, id, isAdministrator),
    async list(query) {
      await noteExpired(deps.store);
      return listGlasses(deps.store.db, query);
    },
    endExpired: () => noteExpired(deps.store),
  };
}

const endsMilliseconds = 15_000;

/** Notes from time to time the ends that come by themselves, whichever process is first; returns what stops that. */
export function noteEnds({ endExpired }: Pick<BreakGlass, 'endExpired'>, log: Logger): () => void {
  const timer = setInterval(() => {
    endExpired().catch((error: unknown) => log.warn('the ends of emergencies could not be noted', { error }));
  }, endsMilliseconds).unref();
  return () => clearInterval(timer);
}
