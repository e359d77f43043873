/**
 * `Patient/$everything` and `Encounter/$everything`: a whole record, paged.
 * https://hl7.org/fhir/R4/patient-operation-everything.html, https://hl7.org/fhir/R4/encounter-operation-everything.html
 */
import type { OperationDefinition } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { isResourceType } from '../definitions/types.ts';
import { demand, gone, notFound } from '../interactions/guard.ts';
import { mayShow } from '../interactions/visible.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { restriction, searcherOf } from '../search/criteria.ts';
import { askedPage, pageLinks } from '../search/page.ts';
import { maxCount } from '../search/parse.ts';
import type { Narrowing } from './everything-members.ts';
import { recordPage } from './everything-record.ts';
import type { Call, Operation } from './operation.ts';

type Parameter = NonNullable<OperationDefinition['parameter']>[number];

const since: Parameter = { name: '_since', use: 'in', min: 0, max: '1', type: 'instant' };
const types: Parameter = { name: '_type', use: 'in', min: 0, max: '*', type: 'code' };
const count: Parameter = { name: '_count', use: 'in', min: 0, max: '1', type: 'integer' };
const result: Parameter = { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' };

/** What both have in common: https://hl7.org/fhir/R4/patient-operation-everything.html */
const common = {
  resourceType: 'OperationDefinition',
  status: 'active',
  kind: 'operation',
  code: 'everything',
} as const;

export const patientEverything: Operation = {
  definition: {
    ...common,
    url: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
    name: 'PatientEverything',
    title: 'Fetch Patient Record',
    resource: ['Patient'],
    system: false,
    type: true,
    instance: true,
    affectsState: false,
    parameter: [
      { name: 'start', use: 'in', min: 0, max: '1', type: 'date' },
      { name: 'end', use: 'in', min: 0, max: '1', type: 'date' },
      since,
      types,
      count,
      result,
    ],
  },
  permissions: ['r'],
  action: 'R',
  run: everything,
};

export const encounterEverything: Operation = {
  definition: {
    ...common,
    url: 'http://hl7.org/fhir/OperationDefinition/Encounter-everything',
    name: 'EncounterEverything',
    title: 'Fetch Encounter Record',
    resource: ['Encounter'],
    system: false,
    type: false,
    instance: true,
    affectsState: false,
    parameter: [since, types, count, result],
  },
  permissions: ['r'],
  action: 'R',
  run: everything,
};

/** What was asked, in the same words however it came. */
interface Asked {
  readonly narrowing: Narrowing;
  readonly count: number;
  readonly query: string;
}

function askedOf({ parameters }: Pick<Call, 'parameters'>): Asked {
  const query = new URLSearchParams();
  for (const name of ['start', 'end', '_since', '_type', '_count']) {
    for (const value of parameters.all(name)) query.append(name, value);
  }
  return askedIn(query.toString());
}

/** Throws `invalid` for types that are none and a count that is no number of resources. */
function askedIn(query: string): Asked {
  const params = new URLSearchParams(query);
  const named = params.getAll('_type').flatMap((value) => value.split(','));
  const unknown = named.find((type) => !isResourceType(type));
  if (unknown !== undefined) throw invalid('_type', `${JSON.stringify(unknown)} is no resource type`);
  const wanted = params.get('_count') ?? String(maxCount);
  if (!/^[1-9]\d*$/.test(wanted)) throw invalid('_count', `${JSON.stringify(wanted)} is no number of resources`);
  const value = (name: string) => params.get(name) ?? undefined;
  const narrowing = { start: value('start'), end: value('end'), since: value('_since'), types: new Set(named) };
  return { narrowing, count: Math.min(Number(wanted), maxCount), query };
}

function invalid(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Parameter ${name}: ${problem}.`, { expression: [name] });
}

interface Page {
  readonly matches: readonly Version[];
  readonly supports: readonly Version[];
  readonly next?: string;
}

async function everything(context: Context, call: Call): Promise<Reply> {
  const { type, id, request } = call;
  demand(context.access, 'r', type);
  const path = id === '' ? `${type}/$everything` : `${type}/${id}/$everything`;
  const link = request.params.get('_page');
  const page = askedPage(context, path, link);
  const asked = page ? askedIn(page.query) : askedOf(call);
  const after = page?.after;
  const found = id === '' ? await ofAll(context, asked, after) : await ofOne(context, { type, id }, asked, after);
  return replyOf(context, { path, link, asked, found, isWhole: after === undefined && found.next === undefined });
}

async function ofOne(
  context: Context,
  { type, id }: { readonly type: string; readonly id: string },
  { narrowing, count: size }: Asked,
  after: string | undefined,
): Promise<Page> {
  const root = await context.store.resources.read(type, id);
  if (!root || (!root.deleted && !(await mayShow(context, 'r', root)))) throw notFound(`${type}/${id}`);
  if (root.deleted) throw gone(`${type}/${id}`);
  return recordPage(context, root, { narrowing, after, count: size });
}

/** Place in the list of patients, the patient whose record is being read there, and the place within that record. */
interface Place {
  readonly patients?: string | undefined;
  readonly patient?: string;
  readonly record?: string;
}

/** All records, one patient after the other in the order in which they were last written. */
async function ofAll(context: Context, { narrowing, count: size }: Asked, from: string | undefined): Promise<Page> {
  demand(context.access, 's', 'Patient');
  const where = restriction(searcherOf(context), 'Patient');
  const sort = [{ param: '_lastUpdated', kind: 'updated', descending: false }] as const;
  const found: Found = { matches: new Map(), supports: new Map() };
  let place: Place = from === undefined ? {} : (JSON.parse(from) as Place);
  for (;;) {
    const position = place.patients === undefined ? {} : { after: place.patients };
    const listed = await context.store.search({ type: 'Patient', where, sort, count: 1, total: 'none', ...position });
    const [root] = listed.versions;
    const room = size - found.matches.size - found.supports.size;
    const next = root && (await addRecord(context, root, { narrowing, place, room, found }));
    if (next !== undefined) return pageOf(found, { ...place, ...next });
    if (listed.next === undefined) return pageOf(found, undefined);
    place = { patients: listed.next };
    if (found.matches.size + found.supports.size >= size) return pageOf(found, place);
  }
}

interface Found {
  readonly matches: Map<string, Version>;
  readonly supports: Map<string, Version>;
}

function pageOf({ matches, supports }: Found, next: Place | undefined): Page {
  const versions = { matches: [...matches.values()], supports: [...supports.values()] };
  return next === undefined ? versions : { ...versions, next: JSON.stringify(next) };
}

/** Adds what has room of a patient's record; gives where it goes on. */
async function addRecord(
  context: Context,
  root: Version,
  { narrowing, place, room, found }: { narrowing: Narrowing; place: Place; room: number; found: Found },
): Promise<Pick<Place, 'patient' | 'record'> | undefined> {
  if (!(await mayShow(context, 'r', root))) return undefined;
  // A patient written since then comes later in the list, and another one is here now.
  const after = place.patient === root.id ? place.record : undefined;
  const page = await recordPage(context, root, { narrowing, after, count: room });
  for (const version of page.matches) found.matches.set(`${version.type}/${version.id}`, version);
  for (const version of page.supports) found.supports.set(`${version.type}/${version.id}`, version);
  for (const name of found.matches.keys()) found.supports.delete(name);
  return page.next === undefined ? undefined : { patient: root.id, record: page.next };
}

function replyOf(
  context: Context,
  {
    path,
    link,
    asked,
    found,
    isWhole,
  }: { path: string; link: string | null; asked: Asked; found: Page; isWhole: boolean },
): Reply {
  const entry =
    (mode: 'match' | 'include') =>
    (version: Version): BundleEntry => ({
      fullUrl: `${context.base}/${version.type}/${version.id}`,
      resource: version.body,
      search: { mode },
    });
  const { matches, supports, next } = found;
  const text = bundleText(
    {
      type: 'searchset',
      id: newId(context.now().getTime()),
      updated: context.now().toISOString(),
      // Only who has the whole in hand knows how much it is.
      total: isWhole ? matches.length : undefined,
      links: pageLinks(context, { path, query: asked.query, link, next }),
    },
    [...matches.map(entry('match')), ...supports.map(entry('include'))],
  );
  return { status: 200, text, shown: [...matches, ...supports] };
}
