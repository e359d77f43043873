/**
 * Keeps the rules of all Consents and labels in memory as they come, change and go, in whichever process, so that a request
 * costs nothing for the many patients who have none.
 */
import type { Consent, Meta, Patient } from '@medplum/fhirtypes';
import type { Caller, Role, Veil } from '../../fhir/access.ts';
import { resourceTypes } from '../../fhir/definitions/types.ts';
import { extract } from '../../fhir/search/extract.ts';
import type { Logger } from '../../shared/logger.ts';
import type { OpenStore } from '../../store/open.ts';
import { labelledTypes } from '../../store/search/labelled-types.ts';
import type { Changed } from '../../store/watch.ts';
import { type Closing, closingLabels, closingOf } from './labels.ts';
import { findAll, membersOf, memberTypes } from './members.ts';
import { everyProvision, type Named } from './provision.ts';
import { groupsOf, nextBoundary, nothingClosed, type Restrictions } from './restrictions.ts';
import { consentScope, isInForce, patientOf, type Understood, understand } from './understand.ts';
import { veilOf } from './veil.ts';

export interface FollowOptions {
  readonly store: Pick<OpenStore, 'db' | 'resources' | 'search' | 'watch'>;
  /** The FHIR base. */
  readonly base: string;
  /** Roles that may break the glass, and so are told that a record is closed. */
  readonly breakers: ReadonlySet<Role>;
  /** Purpose of use by `client_id`, for backend services. */
  readonly purposes: ReadonlyMap<string, string>;
  readonly log: Logger;
  readonly now?: () => number;
}

export interface Veils {
  /** What is closed to the caller now, but for the `opened` Patients (ids); undefined: nothing. */
  of(caller: Pick<Caller, 'role' | 'practitioner' | 'clientId'>, opened: readonly string[]): Veil | undefined;
  /** Whether who has the role may break the glass. */
  mayBreak(role: Role | undefined): boolean;
  close(): Promise<void>;
}

/** What is kept of each Consent and label while they change one by one. */
interface Kept {
  readonly consents: Map<string, Understood>;
  readonly flagged: Map<string, Closing>;
  readonly labelled: Map<string, Set<Closing>>;
  readonly members: Map<string, ReadonlySet<string>>;
}

/** The channel's word for a resource that has or had a label (migration break_the_glass). */
const labelType = 'label';

function takeConsent(kept: Kept, { base, log }: FollowOptions, consent: Consent): void {
  const { id = '' } = consent;
  kept.consents.delete(id);
  if (!isInForce(consent)) return;
  const { understood, issues } = understand(consent, base);
  if (issues.some(({ severity }) => severity === 'error')) {
    log.warn('a Consent that cannot be told is enforced as a denial', { consent: `Consent/${id}`, issues });
  }
  const patient = patientOf(consent, base);
  if (understood) kept.consents.set(id, understood);
  else if (patient) kept.consents.set(id, { patient, rule: { effect: 'deny', exceptions: [] } });
}

function takeLabels(kept: Kept, type: string, id: string, meta: Meta | undefined): void {
  const closing = closingOf(meta);
  if (type === 'Patient') {
    if (closing) kept.flagged.set(id, closing);
    else kept.flagged.delete(id);
  } else if (closing) {
    const labels = closingLabels.filter(({ system, code }) =>
      (meta?.security ?? []).some((label) => label.system === system && label.code === code),
    );
    const before = kept.labelled.get(type) ?? new Set<Closing>();
    for (const { code } of labels) before.add(code);
    kept.labelled.set(type, before);
  }
}

async function loadLabels(kept: Kept, { store }: FollowOptions): Promise<void> {
  kept.flagged.clear();
  const where = [{ kind: 'token', param: 'Patient._security', any: closingLabels }] as const;
  for (const { id = '', meta } of await findAll<Patient>(store, 'Patient', where))
    takeLabels(kept, 'Patient', id, meta);
  const types = resourceTypes().filter((type) => type !== 'Patient');
  for (const { system, code } of closingLabels) {
    for (const { type } of await labelledTypes(store.db, types, { system, codes: [code] })) {
      kept.labelled.set(type, (kept.labelled.get(type) ?? new Set()).add(code));
    }
  }
}

async function loadAll(kept: Kept, options: FollowOptions): Promise<void> {
  kept.consents.clear();
  const consents = await findAll<Consent>(options.store, 'Consent', [
    { kind: 'token', param: 'Consent.status', any: [{ code: 'active' }] },
    { kind: 'token', param: 'Consent.scope', any: [{ system: consentScope, code: 'patient-privacy' }] },
  ]);
  for (const consent of consents) takeConsent(kept, options, consent);
  await loadLabels(kept, options);
}

/** Actors that stand for others: they are looked up, and again when the directory changes. */
function actorsOf({ consents }: Kept): readonly Named[] {
  const actors = [...consents.values()]
    .flatMap(({ rule }) => everyProvision(rule).flatMap(({ actors: own = [] }) => own))
    .filter((actor) => 'type' in actor && memberTypes.some((type) => type === actor.type));
  return [...new Map((actors as readonly Named[]).map((actor) => [`${actor.type}/${actor.id}`, actor])).values()];
}

async function takeMembers(kept: Kept, { store }: FollowOptions, isAnew: boolean): Promise<void> {
  if (isAnew) kept.members.clear();
  for (const actor of actorsOf(kept)) {
    const name = `${actor.type}/${actor.id}`;
    if (!kept.members.has(name)) kept.members.set(name, new Set(await membersOf(store, actor)));
  }
}

async function takeChanged(kept: Kept, options: FollowOptions, changed: readonly Changed[]): Promise<void> {
  const { resources } = options.store;
  const consents = changed.filter(({ type }) => type === 'Consent');
  const labelled = changed
    .filter(({ type }) => type === labelType)
    .map(({ id: name }) => {
      const [type = '', id = ''] = name.split('/');
      return { type, id };
    });
  for (const [at, version] of (await resources.readMany(consents)).entries()) {
    if (version && !version.deleted) takeConsent(kept, options, JSON.parse(version.body) as Consent);
    else kept.consents.delete(consents[at]?.id ?? '');
  }
  for (const [at, version] of (await resources.readMany(labelled)).entries()) {
    const { type = '', id = '' } = labelled[at] ?? {};
    const { meta } = version && !version.deleted ? (JSON.parse(version.body) as { readonly meta?: Meta }) : {};
    takeLabels(kept, type, id, meta);
  }
}

const isMember = ({ type }: Changed) => memberTypes.some((member) => member === type);

/** More callers than this are not remembered at once; past it the oldest go. */
const mostVeils = 1000;

/** Takes in what is there, then every change; resolves when what is there is in force. */
export async function followRestrictions(options: FollowOptions): Promise<Veils> {
  const { store, base, breakers, purposes, now = Date.now } = options;
  const kept: Kept = { consents: new Map(), flagged: new Map(), labelled: new Map(), members: new Map() };
  const veils = new Map<string, Veil | undefined>();
  let restrictions: Restrictions = nothingClosed;
  let boundary = Number.POSITIVE_INFINITY;

  /** All at once, so that no request sees half of a change. */
  function putInForce(): void {
    restrictions = {
      groups: groupsOf(kept.consents.values()),
      flagged: new Map(kept.flagged),
      labelled: new Map([...kept.labelled].map(([type, codes]) => [type, new Set(codes)])),
      members: new Map(kept.members),
    };
    boundary = nextBoundary(restrictions.groups, now());
    veils.clear();
  }

  let last: Promise<void> = Promise.resolve();
  function take(changed: readonly Changed[]): Promise<void> {
    const own = last.then(async () => {
      if (changed.length === 0) await loadAll(kept, options);
      else await takeChanged(kept, options, changed);
      await takeMembers(kept, options, changed.length === 0 || changed.some(isMember));
      putInForce();
    });
    last = own.catch(() => undefined);
    return own;
  }

  const watching = await store.watch(['Consent', ...memberTypes, labelType], take);
  await take([]);

  const ownExtract = (resource: unknown) => extract(resource, { base });
  function remembered(key: string, make: () => Veil | undefined): Veil | undefined {
    if (veils.has(key)) return veils.get(key);
    const [oldest] = veils.keys();
    if (veils.size >= mostVeils && oldest !== undefined) veils.delete(oldest);
    const made = make();
    veils.set(key, made);
    return made;
  }
  const mayBreak = (role: Role | undefined) => role !== undefined && breakers.has(role);
  return {
    mayBreak,
    of(caller, opened) {
      const { groups, flagged, labelled } = restrictions;
      if (groups.length === 0 && flagged.size === 0 && labelled.size === 0) return undefined;
      const instant = now();
      if (instant >= boundary) {
        boundary = nextBoundary(groups, instant);
        veils.clear();
      }
      const { role, practitioner, clientId } = caller;
      const key = [role, practitioner, clientId, ...opened].join(' ');
      return remembered(key, () =>
        veilOf(caller, {
          restrictions,
          opened: new Set(opened),
          purposes,
          isTold: mayBreak(role),
          now: instant,
          extract: ownExtract,
        }),
      );
    },
    close: () => watching.close(),
  };
}
