/**
 * The veil of one caller: what Consents and labels close to them, as clauses of each type, without the records that they
 * have opened by break-the-glass.
 */
import type { Caller, Permission, Veil } from '../../fhir/access.ts';
import { holds } from '../../fhir/search/holds.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Extract } from '../restriction.ts';
import { and, clauseOf, type Formula, not, or } from './formula.ts';
import { denied, labelClause, type Who } from './judge.ts';
import { closedTo, closingLabels } from './labels.ts';
import { applicationMember } from './members.ts';
import type { Deed } from './provision.ts';
import { inRecordOf, isOfRecord, r4RecordParameters } from './record-parameters.ts';
import type { Group, Restrictions } from './restrictions.ts';

/** What of a caller the veil depends on. */
export type Veiled = Pick<Caller, 'role' | 'practitioner' | 'clientId'>;

export interface VeilOptions {
  readonly restrictions: Restrictions;
  /** Ids of the Patients whose records the caller has opened. */
  readonly opened: ReadonlySet<string>;
  /** Purpose of use of v3-ActReason by `client_id`, for backend services. */
  readonly purposes: ReadonlyMap<string, string>;
  readonly isTold: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly extract: Extract;
}

/** Persons treat, administrators run the hospital, and of a service nobody knows who has not said so. */
function purposeOf({ role, clientId = '' }: Veiled, purposes: ReadonlyMap<string, string>): string | undefined {
  if (role === undefined) return purposes.get(clientId);
  return role === 'ADMINISTRATEUR' ? 'HOPERAT' : 'TREAT';
}

function whoIs(caller: Veiled, { restrictions: { members }, purposes }: VeilOptions): Who {
  const { practitioner, clientId } = caller;
  const own = [...(practitioner ? [practitioner] : []), ...(clientId ? [applicationMember(clientId)] : [])];
  return {
    clientId,
    purpose: purposeOf(caller, purposes),
    belongsTo: (actor) => own.some((one) => one === actor || members.get(actor)?.has(one) === true),
  };
}

function deedsOf(permission: Permission, isPerson: boolean): readonly Deed[] {
  const reading: readonly Deed[] = isPerson ? ['read'] : ['read', 'disclose'];
  if (permission === 'c') return ['collect'];
  // Who may not see a thing may not change it either.
  return permission === 'u' || permission === 'd' ? [...reading, 'correct'] : reading;
}

/** Those of which something might be closed to the caller. */
function concerning({ groups }: Restrictions, who: Who, now: number): readonly Group[] {
  const deeds: readonly Deed[] = ['read', 'disclose', 'collect', 'correct'];
  const asked = { who, deeds, type: undefined, now, parameters: r4RecordParameters };
  return groups.filter(({ rule }) => denied(rule, asked) !== false);
}

/** What changes less than the opened records: whom which rules concern, and whom labels. */
interface Closed {
  readonly groups: readonly Group[];
  readonly flagged: readonly string[];
  readonly labels: (type: string) => Formula;
}

function closedFor(caller: Veiled, who: Who, { restrictions, now }: VeilOptions): Closed {
  const closings = closedTo(caller.role);
  const flagged = [...restrictions.flagged].filter(([, closing]) => closings.includes(closing)).map(([id]) => id);
  return {
    groups: concerning(restrictions, who, now),
    flagged,
    labels(type) {
      const there = closings.filter((closing) => restrictions.labelled.get(type)?.has(closing));
      const any = closingLabels.filter(({ code }) => there.includes(code));
      return any.length > 0 && labelClause(type, any);
    },
  };
}

/** Undefined: nothing is closed to the caller, now and to nobody's knowledge. */
export function veilOf(caller: Veiled, options: VeilOptions): Veil | undefined {
  const { restrictions, opened, now, extract, isTold } = options;
  const who = whoIs(caller, options);
  const closed = closedFor(caller, who, options);
  const hasLabels = [...restrictions.labelled.keys()].some((type) => closed.labels(type) !== false);
  if (closed.groups.length === 0 && closed.flagged.length === 0 && !hasLabels) return undefined;
  const isPerson = caller.role !== undefined;
  const unopened = (patients: Iterable<string>, isReading: boolean) =>
    [...patients].filter((id) => !isReading || !opened.has(id));

  function closing(permission: Permission, type: string): Formula {
    // The trail is of the server's own hand, and who looked is what a closed record has to show.
    if (type === 'AuditEvent') return false;
    const isReading = permission === 'r' || permission === 's';
    const isRule = type === 'Consent' && (isReading || permission === 'c');
    const deeds = deedsOf(permission, isPerson);
    const rules = isRule
      ? []
      : closed.groups.map(({ rule, patients }) =>
          and([
            inRecordOf(unopened(patients, isReading), type),
            denied(rule, { who, deeds, type, now, parameters: r4RecordParameters }),
          ]),
        );
    // What a closed record is sent is kept; that is all that may be done with it.
    const flags = isRule || permission === 'c' ? false : inRecordOf(unopened(closed.flagged, isReading), type);
    const label = and([closed.labels(type), isReading ? not(inRecordOf([...opened], type)) : true]);
    return or([...rules, flags, permission === 'c' ? false : label]);
  }

  const suspects = suspectsOf(closed, hasLabels);
  const known = new Map<string, Clause | undefined>();
  function excluded(permission: Permission, type: string): Clause | undefined {
    // A Binary is as open as what its security context names, which no index has: it is read, and not searched for.
    if (type === 'Binary') return permission === 's' ? everything : undefined;
    if (!isOfRecord(type) && !restrictions.labelled.has(type)) return undefined;
    const key = `${permission} ${type}`;
    if (!known.has(key)) known.set(key, clauseOf(closing(permission, type)));
    return known.get(key);
  }
  return {
    excluded,
    hides(permission, resource) {
      const clause = resource.resourceType === 'Binary' ? undefined : excluded(permission, resource.resourceType);
      return clause !== undefined && holds({ id: resource.id, rows: extract(resource) }, [clause]);
    },
    suspects: () => suspects,
    isTold,
  };
}

const everything: Clause = { kind: 'either', ways: [[]] };

/** More would take longer than to look at the resource. */
const mostSuspects = 64;

/** A text may be written with escapes, so what has any is looked at. */
const escapes = ['\\u', '\\/'];

function suspectsOf(closed: Closed, hasLabels: boolean) {
  const ids = new Set(closed.flagged);
  for (const { patients } of closed.groups) {
    if (ids.size + patients.size > mostSuspects) return undefined;
    for (const id of patients) ids.add(id);
  }
  if (ids.size > mostSuspects) return undefined;
  return [
    ...ids,
    ...(hasLabels ? closingLabels.map(({ system }) => system.slice(system.lastIndexOf('/') + 1)) : []),
    ...escapes,
  ];
}
