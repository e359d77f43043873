// Whoever sees a part of the data gets the same answers whether or not the rest is there: by every path of the FHIR API.
// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { systemAccess } from '../../../src/auth/system-access.ts';
import type { Caller } from '../../../src/fhir/access.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import { type Probe, probes } from '../../support/access-probes.ts';
import { putAll, recordOf, shared } from '../../support/access-records.ts';
import { type TestServer, withServer } from '../../support/server.ts';

type Seed = ReturnType<typeof recordOf>[number];

interface Restricted {
  readonly title: string;
  readonly caller: Caller;
  readonly scope: string;
  /** What of both records it may see; all else is there in one of the two worlds only. */
  readonly reaches: (seed: Seed) => boolean;
}

const client = { name: 'app' };
const person = (role: 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR', more: Partial<Caller> = {}): Caller => ({
  client,
  userId: '0190',
  role,
  ...more,
});
const isMine = ({ id }: Seed) => id.startsWith('mine');
const isOf =
  (...types: string[]) =>
  ({ resourceType }: Seed) =>
    types.includes(resourceType);
const laboratory = 'category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
const isLaboratory = (seed: Seed) => JSON.stringify(seed).includes('"laboratory"');

const callers: readonly Restricted[] = [
  {
    title: 'a physician with patient/*.cruds',
    caller: person('MEDECIN', { patient: 'mine' }),
    scope: 'patient/*.cruds',
    reaches: isMine,
  },
  {
    title: 'the staff with patient/*.read',
    caller: person('PERSONNEL', { patient: 'mine' }),
    scope: 'patient/*.read',
    reaches: (seed) => isMine(seed) && seed.resourceType !== 'ClinicalImpression',
  },
  {
    title: 'a physician with patient/ scopes of one category',
    caller: person('MEDECIN', { patient: 'mine' }),
    scope: `patient/Observation.cruds?${laboratory} patient/Patient.r`,
    reaches: (seed) => isMine(seed) && (seed.resourceType === 'Patient' || isLaboratory(seed)),
  },
  {
    title: 'a system with one category and patients',
    caller: { client },
    scope: `system/Observation.cruds?${laboratory} system/Patient.rs`,
    reaches: (seed) => seed.resourceType === 'Patient' || isLaboratory(seed),
  },
  {
    title: 'a system with one type',
    caller: { client },
    scope: 'system/Condition.rs',
    reaches: isOf('Condition'),
  },
  {
    title: 'an administrator with user/*.cruds',
    caller: person('ADMINISTRATEUR'),
    scope: 'user/*.cruds',
    reaches: isOf(
      ...['Patient', 'RelatedPerson', 'Encounter', 'Observation', 'QuestionnaireResponse'],
      ...['DiagnosticReport', 'Device', 'Provenance'],
    ),
  },
  {
    title: 'a physician with a patient in context and no scope on resources',
    caller: person('MEDECIN', { patient: 'mine' }),
    scope: 'openid fhirUser launch/patient',
    reaches: () => false,
  },
];

/** What differs from one run to the next. */
function settled(text: string, { origin }: TestServer): string {
  return text
    .replaceAll(origin, 'ORIGIN')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME')
    .replaceAll(/(_page|_cursor)=[\w~.%-]+/g, '$1=PAGE')
    .replaceAll(/"(next|previous|first)":"[\w~.%-]{20,}"/g, '"$1":"PAGE"');
}

/** Where two answers part, for a message. */
function difference(one: string, other: string): string {
  const at = [...one].findIndex((letter, place) => letter !== other[place]);
  const from = Math.max(0, (at < 0 ? one.length : at) - 60);
  return `${one.slice(0, 3)}/${other.slice(0, 3)} ...${one.slice(from, from + 160)}... against ...${other.slice(from, from + 160)}...`;
}

const headers = ['etag', 'location', 'content-location', 'x-total-count'] as const;

describe.each(callers)('$title', ({ caller, scope, reaches }) => {
  const authenticate = ({ authorization = '' }) =>
    Promise.resolve(
      authorization === 'Bearer all' ? systemAccess('test') : accessOf(caller, scope, (resource) => extract(resource)),
    );
  const little = withServer({ authenticate, conditionalDelete: 'multiple' });
  const whole = withServer({ authenticate, conditionalDelete: 'multiple' });

  const record = [...recordOf('mine'), ...recordOf('other')];
  const seed = async (server: TestServer, seeds: readonly Seed[]) => {
    const all = { authorization: 'Bearer all' };
    const answer = await server.request('POST', '', { body: putAll([...shared, ...seeds]), headers: all });
    expect([answer.status, answer.text.slice(0, 500)]).toEqual([200, expect.any(String)]);
  };
  const asked = async (server: TestServer, { method, path, body, headers: more = {} }: Probe) => {
    const answer = await server.request(method, path, { body, headers: { authorization: 'Bearer some', ...more } });
    const said = headers.map((name) => `${name}: ${answer.headers.get(name) ?? ''}`).join('\n');
    return settled(`${answer.status}\n${said}\n${answer.text}`, server);
  };

  it('gets the same answers whether or not the rest is there', { timeout: 120_000 }, async () => {
    await seed(little, record.filter(reaches));
    await seed(whole, record);
    const leaks: string[] = [];
    for (const probe of probes) {
      const [without, within] = [await asked(little, probe), await asked(whole, probe)];
      const name = `${probe.method} ${probe.path} ${JSON.stringify(probe.headers ?? {})}`;
      if (without.startsWith('500')) leaks.push(`${name}: ${without}`);
      if (without !== within) leaks.push(`${name}: ${difference(without, within)}`);
    }
    expect(leaks).toEqual([]);
  });
});
