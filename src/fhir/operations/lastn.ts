/**
 * `Observation/$lastn`: the newest observations of each code.
 * https://hl7.org/fhir/R4/observation-operation-lastn.html
 */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { demand } from '../interactions/guard.ts';
import { visible } from '../interactions/visible.ts';
import type { Reply } from '../reply.ts';
import { type BundleEntry, bundleText } from '../search/bundle.ts';
import { included } from '../search/include.ts';
import { parseSearchIn } from '../search/parse.ts';
import { Newest } from './lastn-groups.ts';
import type { Call, Operation } from './operation.ts';

export const lastn: Operation = {
  definition: {
    resourceType: 'OperationDefinition',
    url: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
    name: 'ObservationLastn',
    title: 'Last N Observations Query',
    status: 'active',
    kind: 'operation',
    code: 'lastn',
    resource: ['Observation'],
    system: false,
    type: true,
    instance: false,
    affectsState: false,
    parameter: [
      { name: 'max', use: 'in', min: 0, max: '1', type: 'positiveInt' },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
    ],
  },
  permissions: ['s'],
  action: 'E',
  others: 'search',
  run,
};

/** More than this are no longer one subject's observations. */
const mostObservations = 100_000;
const pageSize = 1000;

/** Paging and order are the operation's own. */
const notOurs = new Set(['_count', '_sort', '_total', '_offset']);

async function run(context: Context, call: Call): Promise<Reply> {
  demand(context.access, 's', 'Observation');
  const params = paramsOf(call);
  demandSubjectAndCode(params);
  const parsed = await parseSearchIn(context, { type: 'Observation', params, strict: true });
  const newest = new Newest(Number(call.parameters.one('max') ?? 1));
  let seen = 0;
  let after: string | undefined;
  do {
    const position = after === undefined ? {} : { after };
    const query = { ...parsed.query, sort: [], count: pageSize, total: 'none' as const, ...position };
    const page = await context.store.search(query);
    for (const version of await visible(context, 'r', page.versions)) newest.add(version);
    seen += page.versions.length;
    if (seen > mostObservations) throw tooMany();
    after = page.next;
  } while (after !== undefined);
  const matches = newest.all();
  const around = await included(context, matches, parsed.includes);
  return replyOf(context, { call, params, matches, included: around.versions });
}

/** Search parameters of the URL and of the body, without those that make no sense here. */
function paramsOf({ parameters, strict }: Call): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of parameters.names()) {
    if (name === 'max') continue;
    if (!notOurs.has(name)) for (const value of parameters.all(name)) params.append(name, value);
    else if (strict) throw invalid(`${name} has no meaning here: the newest of each code come, all at once`, [name]);
  }
  return params;
}

/** https://hl7.org/fhir/R4/observation-operation-lastn.html: the request SHALL include both. */
function demandSubjectAndCode(params: URLSearchParams): void {
  const names = [...params.keys()].map((name) => /^[^:.]+/.exec(name)?.[0] ?? '');
  if (!names.some((name) => name === 'patient' || name === 'subject')) {
    throw invalid('a patient or a subject is needed', ['patient', 'subject']);
  }
  if (!names.some((name) => name === 'category' || /(^|-)code(-|$)/.test(name))) {
    throw invalid('a category or a code is needed', ['category', 'code']);
  }
}

function invalid(problem: string, expression: readonly string[]): FhirError {
  return new FhirError('invalid', `$lastn: ${problem}.`, { expression });
}

function tooMany(): FhirError {
  const diagnostics = `More than ${mostObservations} observations are asked about; narrow the search.`;
  return new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'too-costly', diagnostics }] });
}

function replyOf(
  { base, now }: Context,
  given: {
    readonly call: Call;
    readonly params: URLSearchParams;
    readonly matches: readonly Version[];
    readonly included: readonly Version[];
  },
): Reply {
  const { call, params, matches } = given;
  const entry =
    (mode: 'match' | 'include') =>
    (version: Version): BundleEntry => ({
      fullUrl: `${base}/${version.type}/${version.id}`,
      resource: version.body,
      search: { mode },
    });
  const max = call.parameters.one('max');
  const used = new URLSearchParams(max === undefined ? [] : [['max', max]]);
  for (const [name, value] of params) used.append(name, value);
  const text = bundleText(
    {
      type: 'searchset',
      id: newId(now().getTime()),
      updated: now().toISOString(),
      total: matches.length,
      links: [{ relation: 'self', url: `${base}/Observation/$lastn?${used}` }],
    },
    [...matches.map(entry('match')), ...given.included.map(entry('include'))],
  );
  const query = `Observation/$lastn?${used}`;
  return { status: 200, text, shown: [...matches, ...given.included], query };
}
