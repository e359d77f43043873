/**
 * `Patient/$match`: which patients of this server the given one may be, the likeliest first.
 * https://hl7.org/fhir/R4/patient-operation-match.html
 */
import type { Patient, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { demand } from '../interactions/guard.ts';
import { mayShow } from '../interactions/visible.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import { candidates } from './match-candidates.ts';
import { type Graded, gradeOf } from './match-grade.ts';
import { type Person, personOf } from './match-person.ts';
import type { Call, Operation } from './operation.ts';

export const match: Operation = {
  definition: {
    resourceType: 'OperationDefinition',
    url: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
    name: 'PatientMatch',
    title: 'Find patient matches using MPI based logic',
    status: 'active',
    kind: 'operation',
    code: 'match',
    resource: ['Patient'],
    system: false,
    type: true,
    instance: false,
    affectsState: false,
    parameter: [
      { name: 'resource', use: 'in', min: 1, max: '1', type: 'Resource' },
      { name: 'onlyCertainMatches', use: 'in', min: 0, max: '1', type: 'boolean' },
      { name: 'count', use: 'in', min: 0, max: '1', type: 'integer' },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
    ],
  },
  permissions: ['s'],
  action: 'E',
  run,
};

/** More than a person can look through. */
const mostMatches = 100;
const usualMatches = 20;

interface Match extends Graded {
  readonly version: Version;
}

async function run(context: Context, { parameters }: Call): Promise<Reply> {
  demand(context.access, 's', 'Patient');
  const asked = askedPatient(context, parameters.resource('resource')?.resource);
  const count = countOf(parameters.one('count'));
  const found = await candidates(context, asked);
  const graded = found.versions.flatMap((version): Match[] => {
    const grade = gradeOf(asked, personOf(JSON.parse(version.body) as Patient));
    return grade ? [{ ...grade, version }] : [];
  });
  const matches = await current(context, graded);
  const only = parameters.one('onlyCertainMatches') === 'true' ? onlyCertain(matches) : { matches, problems: [] };
  const problems = [
    ...only.problems,
    ...(found.truncated ? ['More patients are alike than were compared; say more of the one that is looked for.'] : []),
  ];
  return replyOf(context, only.matches.slice(0, count), problems);
}

/** Throws `invalid` when it is no patient, or when nothing in it tells one patient from another. */
function askedPatient({ validate }: Context, patient: Resource | undefined): Person {
  if (patient?.resourceType !== 'Patient') {
    const message = `The resource is a ${patient?.resourceType}; a Patient is matched.`;
    throw new FhirError('invalid', message, { expression: ['resource'] });
  }
  // What is missing may be missing; what is there has to be what it claims to be.
  const issues = validate(patient).filter(({ severity, code }) => {
    return (severity === 'error' || severity === 'fatal') && code !== 'required' && code !== 'invariant';
  });
  if (issues.length > 0) throw new FhirError('invalid', 'The patient is not valid.', { issues });
  const person = personOf(patient);
  const enough =
    person.identifiers.length > 0 || person.names.some(({ family, given }) => family !== '' || given.length > 0);
  if (enough) return person;
  throw new FhirError('invalid', 'A patient is matched by an identifier or a name; this one has neither.', {
    expression: ['Patient.identifier', 'Patient.name'],
  });
}

function countOf(text: string | undefined): number {
  if (text === undefined) return usualMatches;
  if (/^[1-9]\d*$/.test(text)) return Math.min(Number(text), mostMatches);
  throw new FhirError('invalid', `count: ${JSON.stringify(text)} is no number of matches.`, { expression: ['count'] });
}

/** A record that was merged into another one is found by what it says, and given as the other one. */
async function current(context: Context, matches: readonly Match[]): Promise<readonly Match[]> {
  const best = new Map<string, Match>();
  for (const match of matches) {
    const version = await survivor(context, match.version);
    const before = version && best.get(version.id);
    if (version && (!before || before.score < match.score)) best.set(version.id, { ...match, version });
  }
  return [...best.values()].sort((a, b) => b.score - a.score || (a.version.id < b.version.id ? -1 : 1));
}

/** Chains of merges are short; a cycle would be a mistake of whoever merged. */
const mostMerges = 8;

async function survivor(context: Context, version: Version, merges = 0): Promise<Version | undefined> {
  const { link } = JSON.parse(version.body) as Patient;
  const reference = link?.find(({ type }) => type === 'replaced-by')?.other?.reference;
  if (!reference?.startsWith('Patient/') || merges === mostMerges) return version;
  const next = await context.store.resources.read('Patient', reference.slice('Patient/'.length));
  if (!next || next.deleted) return version;
  return (await mayShow(context, 's', next)) ? survivor(context, next, merges + 1) : undefined;
}

/** https://hl7.org/fhir/R4/patient-operation-match.html: one that is certain, or none at all. */
function onlyCertain(matches: readonly Match[]): { readonly matches: readonly Match[]; readonly problems: string[] } {
  const certain = matches.filter(({ grade }) => grade === 'certain');
  if (certain.length <= 1) return { matches: certain, problems: [] };
  return { matches: [], problems: [`${certain.length} patients match certainly, so none of them does.`] };
}

function replyOf({ base, now }: Context, matches: readonly Match[], problems: readonly string[]): Reply {
  const entries = matches.map(({ version, score, grade }) => {
    const search = {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: grade }],
      mode: 'match',
      score,
    };
    const fullUrl = JSON.stringify(`${base}/Patient/${version.id}`);
    return `{"fullUrl":${fullUrl},"resource":${version.body},"search":${JSON.stringify(search)}}`;
  });
  const issues = problems.map((diagnostics) => ({ severity: 'warning', code: 'incomplete', diagnostics }) as const);
  const said =
    issues.length === 0 ? [] : [`{"resource":${JSON.stringify(outcome(issues))},"search":{"mode":"outcome"}}`];
  const head = {
    resourceType: 'Bundle',
    id: newId(now().getTime()),
    meta: { lastUpdated: now().toISOString() },
    type: 'searchset',
    total: matches.length,
  };
  const all = [...entries, ...said];
  const text =
    all.length === 0 ? JSON.stringify(head) : `${JSON.stringify(head).slice(0, -1)},"entry":[${all.join(',')}]}`;
  return { status: 200, text, shown: matches.map(({ version }) => version), query: 'Patient/$match' };
}
