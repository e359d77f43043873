// What public suites of FHIR servers ask of the answer to a search (claims in our own words and data), by the sections of
// https://hl7.org/fhir/R4/search.html
import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer();
const { request } = server;
const of = (reference: string) => ({ reference });
const resources = [
  { resourceType: 'Organization', id: 'chu', name: 'CHU', identifier: [{ value: 'org' }] },
  { resourceType: 'Organization', id: 'labo', name: 'Laboratoire', partOf: of('Organization/chu') },
  { resourceType: 'Practitioner', id: 'dr', name: [{ family: 'Diarra' }] },
  {
    resourceType: 'Patient',
    id: 'awa',
    name: [{ family: 'Koné' }],
    gender: 'female',
    managingOrganization: of('Organization/labo'),
    generalPractitioner: [of('Practitioner/dr'), of('Practitioner/parti')],
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Awa tousse</div>' },
  },
  {
    resourceType: 'Patient',
    id: 'jean',
    name: [{ family: 'Yao' }],
    link: [{ other: of('Patient/awa'), type: 'seealso' }],
  },
  {
    resourceType: 'Patient',
    id: 'koffi',
    name: [{ family: 'Koffi' }],
    link: [{ other: of('Patient/jean'), type: 'seealso' }],
  },
  { resourceType: 'Encounter', id: 'venue', status: 'finished', class: { code: 'AMB' }, subject: of('Patient/awa') },
  ...['o1', 'o2', 'o3', 'o4', 'o5'].map((id, at) => ({
    resourceType: 'Observation',
    id,
    status: at === 4 ? 'cancelled' : 'final',
    code: { text: 'toux' },
    subject: of(at < 3 ? 'Patient/awa' : 'Patient/jean'),
    ...(at === 0 ? { encounter: of('Encounter/venue'), performer: [of('Practitioner/dr')] } : {}),
    effectiveDateTime: `2026-0${at + 1}-01`,
  })),
  {
    resourceType: 'DiagnosticReport',
    id: 'cr',
    status: 'final',
    code: { text: 'cr' },
    result: [of('Observation/o1'), of('Observation/o2')],
    subject: of('Patient/awa'),
  },
];

beforeAll(async () => {
  const entry = resources.map((resource) => ({
    resource: resource as unknown as Resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await request('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } });
  expect(answer.status, answer.text).toBe(200);
});

async function bundle(path: string): Promise<Bundle> {
  const answer = await request('GET', `/${path}`);
  expect(answer.status, `${path}: ${answer.text}`).toBe(200);
  return answer.as<Bundle>();
}
const idsOf = ({ entry = [] }: Bundle, mode: string): string =>
  entry
    .flatMap(({ search, resource }) => (search?.mode === mode ? [resource?.id ?? ''] : []))
    .sort()
    .join(' ');

describe('3.1.1.5.4 _include and _revinclude: what comes along is marked, once, and no match', () => {
  it.each([
    ['Patient?_id=awa&_include=Patient:organization', 'awa', 'labo'],
    ['Patient?_id=awa&_include=Patient:organization:Organization', 'awa', 'labo'],
    ['Patient?_id=awa&_include=Patient:general-practitioner', 'awa', 'dr'],
    ['Patient?_id=awa&_include=Patient:general-practitioner:Organization', 'awa', ''],
    ['Patient?_id=awa&_include=Patient:*', 'awa', 'dr labo'],
    ['Patient?_id=awa&_include=*', 'awa', 'dr labo'],
    ['Patient?_id=awa&_include=Patient:organization&_include=Patient:general-practitioner', 'awa', 'dr labo'],
    ['Patient?_id=awa&_include=Patient:organization&_include:iterate=Organization:partof', 'awa', 'chu labo'],
    ['Patient?_id=koffi&_include=Patient:link', 'koffi', 'jean'],
    ['Patient?_id=koffi&_include:iterate=Patient:link', 'koffi', 'awa jean'],
    ['Patient?_id=awa,jean&_include=Patient:link', 'awa jean', ''],
    ['Observation?_id=o1,o2&_include=Observation:subject', 'o1 o2', 'awa'],
    ['Observation?_id=o1&_include=Observation:subject&_include=Observation:encounter', 'o1', 'awa venue'],
    ['Observation?_id=o1&_include=Observation:subject&_include:iterate=Patient:organization', 'o1', 'awa labo'],
    ['Organization?_id=labo&_revinclude=Patient:organization', 'labo', 'awa'],
    ['Patient?_id=awa&_revinclude=Observation:subject', 'awa', 'o1 o2 o3'],
    ['Patient?_id=awa&_revinclude=Observation:subject:Patient', 'awa', 'o1 o2 o3'],
    ['Patient?_id=awa&_revinclude=Observation:subject&_revinclude=Encounter:patient', 'awa', 'o1 o2 o3 venue'],
    ['Patient?_id=jean&_revinclude=Observation:subject&_revinclude:iterate=DiagnosticReport:result', 'jean', 'o4 o5'],
    [
      'Patient?_id=awa&_revinclude:iterate=Observation:subject&_revinclude:iterate=DiagnosticReport:result',
      'awa',
      'cr o1 o2 o3',
    ],
    [
      'DiagnosticReport?_id=cr&_include=DiagnosticReport:result&_include:iterate=Observation:performer',
      'cr',
      'dr o1 o2',
    ],
    ['Patient?_id=rien&_revinclude=Observation:subject', '', ''],
    ['Organization?_id=labo&_include:iterate=Organization:partof&_revinclude=Patient:organization', 'labo', 'awa chu'],
  ])('%s', async (path, matches, included) => {
    const found = await bundle(path);
    expect([idsOf(found, 'match'), idsOf(found, 'include')]).toEqual([matches, included]);
  });

  it.each([
    'Patient?_include=Patient:nothing',
    'Patient?_include=Patient:gender',
    'Patient?_include=Nothing:subject',
    'Patient?_include=Observation:subject',
    // Without :iterate nothing is included of what was.
    'Patient?_include=Patient:organization&_include=Organization:partof',
    'Patient?_revinclude=Observation',
    'Patient?_include:never=Patient:link',
  ])('%s is refused with 400', async (path) => {
    const answer = await request('GET', `/${path}`);
    expect([answer.status, answer.as<OperationOutcome>().issue[0]?.severity]).toEqual([400, 'error']);
  });
});

describe('3.1.1.5.2 _total, 3.1.1.5.3 _count and _summary', () => {
  it('counts matches, not what comes along', async () => {
    const found = await bundle('Patient?_id=awa&_revinclude=Observation:subject&_total=accurate');
    expect([found.total, found.entry?.length]).toEqual([1, 4]);
  });

  it('pages through all matches, each once, in one order, and says where each page is', async () => {
    const seen: (string | undefined)[] = [];
    let url: string | undefined = `${server.base}/Observation?_count=2&_sort=-date&_total=accurate`;
    let pages = 0;
    while (url) {
      const page: Bundle = (await request('GET', url)).as<Bundle>();
      expect([page.type, page.total]).toEqual(['searchset', 5]);
      seen.push(...(page.entry ?? []).map(({ resource }) => resource?.id));
      url = page.link?.find(({ relation }) => relation === 'next')?.url;
      pages += 1;
    }
    expect([pages, seen.join(' ')]).toEqual([3, 'o5 o4 o3 o2 o1']);
  });

  it.each(['Observation?_summary=count', 'Observation?_count=0', 'Observation?_summary=count&_sort=date&_count=1'])(
    '%s is the total alone',
    async (path) => {
      const found = await bundle(path);
      expect([found.total, found.entry]).toEqual([5, undefined]);
    },
  );

  it('gives the elements that are asked for, marked as a part', async () => {
    const found = await bundle('Patient?_id=awa&_elements=gender');
    const [only] = found.entry ?? [];
    expect(Object.keys(only?.resource ?? {}).sort()).toEqual(['gender', 'id', 'meta', 'resourceType']);
    expect(JSON.stringify(only?.resource?.meta?.tag)).toContain('SUBSETTED');
  });

  it('leaves the narrative out of summaries, and gives it alone', async () => {
    const [whole, text] = await Promise.all([
      bundle('Patient?_id=awa&_summary=true'),
      bundle('Patient?_id=awa&_summary=text'),
    ]);
    expect([whole.entry?.[0]?.resource, text.entry?.[0]?.resource]).toEqual([
      expect.not.objectContaining({ text: expect.anything() }),
      expect.objectContaining({ text: expect.objectContaining({ status: 'generated' }) }),
    ]);
  });
});

describe('3.1.1.2 the answer says what was searched for', () => {
  it.each([
    ['Patient?gender=female&nothing=1', 'gender=female'],
    ['Patient?gender=female&name=', 'gender=female'],
    ['Patient?family=Kon%C3%A9&_count=1', 'family'],
  ])('%s: in the self link', async (path, kept) => {
    const self = (await bundle(path)).link?.find(({ relation }) => relation === 'self')?.url ?? '';
    expect(self).toContain(kept);
    expect(self).not.toContain('nothing');
  });

  it('unknown parameters are an outcome of the answer, and an error when asked strictly', async () => {
    expect(idsOf(await bundle('Patient?nothing=1&_id=awa'), 'outcome')).toBe('');
    const found = await bundle('Patient?nothing=1&_id=awa');
    expect(found.entry?.map(({ search }) => search?.mode)).toEqual(['match', 'outcome']);
    const strict = await request('GET', '/Patient?nothing=1', { headers: { prefer: 'handling=strict' } });
    expect(strict.status).toBe(400);
  });

  it('by POST the same is found as by GET, in the URL, in the form, or in both', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const [path, body] of [
      ['/Observation/_search', 'subject=Patient/awa&status=final'],
      ['/Observation/_search?subject=Patient/awa', 'status=final'],
      ['/Patient/awa/Observation/_search', 'status=final'],
    ] as const) {
      const answer = await request('POST', path, { body, headers: form });
      expect([answer.status, idsOf(answer.as<Bundle>(), 'match')]).toEqual([200, 'o1 o2 o3']);
    }
  });

  it('every entry has a fullUrl that can be read', async () => {
    const { entry = [] } = await bundle('Patient?_id=awa&_include=*');
    for (const { fullUrl = '', resource } of entry) {
      expect((await request('GET', fullUrl)).as<Resource>().id).toBe(resource?.id);
    }
  });
});

describe('3.1.1.1 contexts: types, compartments, the system', () => {
  it.each([
    ['Patient/awa/Observation', 'o1 o2 o3'],
    ['Patient/awa/Observation?status=final&date=ge2026-02', 'o2 o3'],
    ['Patient/jean/Observation?status=cancelled', 'o5'],
    ['Patient/awa/DiagnosticReport', 'cr'],
    ['Practitioner/dr/Observation', 'o1'],
    ['Encounter/venue/Observation', 'o1'],
    ['?_type=Encounter,DiagnosticReport', 'cr venue'],
    ['?_type=Patient&_id=awa', 'awa'],
    ['?_id=awa,cr', 'awa cr'],
  ])('%s', async (path, ids) => expect(idsOf(await bundle(path), 'match')).toBe(ids));

  it('a compartment that is not there is not found, a type that does not exist neither', async () => {
    const statuses = ['Patient/rien/Observation', 'Nothing?_id=1', 'Patient/awa/Nothing'].map(
      async (path) => (await request('GET', `/${path}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
  });
});
