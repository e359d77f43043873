// https://hl7.org/fhir/R4/search.html#errors: what no search can mean is refused with a reason, and costs little.
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { withServer } from '../../support/server.ts';

const server = withServer({ queryTimeoutSeconds: 1 });
const { request } = server;

beforeAll(async () => {
  const body = {
    resourceType: 'Patient',
    id: 'p',
    name: [{ family: 'Eqbal' }, { family: 'Ge2' }],
    link: [{ other: { reference: 'Patient/p' }, type: 'seealso' }],
  };
  expect((await request('PUT', '/Patient/p', { body })).status).toBe(201);
});

async function refused(path: string, strict = false): Promise<readonly unknown[]> {
  const answer = await request('GET', path, strict ? { headers: { prefer: 'handling=strict' } } : {});
  return [answer.status, answer.as<OperationOutcome>().issue?.[0]?.severity];
}

describe('a search with an unknown modifier', () => {
  it.each([
    '/Patient?name:above=x',
    '/Patient?name:in=http://x',
    '/Patient?name:nothing=x',
    '/Patient?name:Patient=x',
    '/Patient?name:=x',
    '/Patient?name:exact:contains=x',
    '/Patient?birthdate:exact=2020',
    '/Patient?gender:exact=male',
    '/Patient?gender:contains=male',
    '/Patient?organization:exact=x',
    '/Patient?organization:Organisation=x',
    '/Patient?_id:exact=x',
    '/Patient?_lastUpdated:exact=2020',
    '/Observation?value-quantity:exact=1',
    '/RiskAssessment?probability:contains=1',
    '/ValueSet?url:contains=http://x',
    '/ValueSet?url:Patient=http://x',
    '/Patient?_count:exact=1',
    '/Patient?_sort:asc=name',
    '/Patient?_include:forever=Patient:organization',
    '/Observation?code-value-quantity:exact=x$1',
  ])('%s is refused with 400, lenient and strict', async (path) => {
    expect(await refused(path)).toEqual([400, 'error']);
    expect(await refused(path, true)).toEqual([400, 'error']);
  });
});

describe('a search with an unknown parameter', () => {
  it.each(['nmae=x', 'name.family=x', 'nmae.family=x', '_nothing=x', '_query=x', '=x'])(
    '%s is refused with 400 when strict',
    async (query) => expect(await refused(`/Patient?${query}`, true)).toEqual([400, 'error']),
  );

  it.each(['nmae', '_nothing', 'organization.nmae', '_has:Observation:patient:nmae'])(
    '%s is ignored otherwise, left out of the self link and named in an OperationOutcome',
    async (name) => {
      const found = (await request('GET', `/Patient?${name}=x&name=eqbal`)).as<Bundle>();
      expect(found.link?.[0]?.url).toBe(`${server.base}/Patient?name=eqbal`);
      const outcome = found.entry?.find(({ search }) => search?.mode === 'outcome')?.resource as OperationOutcome;
      expect(outcome.issue).toHaveLength(1);
      expect(found.entry?.filter(({ search }) => search?.mode === 'match')).toHaveLength(1);
    },
  );
});

describe('a search with a value that its parameter cannot have', () => {
  it.each([
    '/Patient?birthdate=yesterday',
    '/Patient?birthdate=2020-02-30',
    '/Patient?birthdate=xx2020',
    '/Patient?birthdate=2020-1-1',
    '/Patient?birthdate=,',
    '/Patient?_lastUpdated=ge',
    '/Observation?value-quantity=abc',
    '/Observation?value-quantity=1|2|3|4',
    '/Observation?value-quantity=1e999',
    '/RiskAssessment?probability=NaN',
    '/RiskAssessment?probability=Infinity',
    '/RiskAssessment?probability=0x10',
    '/RiskAssessment?probability=1.',
    '/Patient?identifier=a|b|c',
    '/Patient?identifier=|',
    '/Patient?organization=a b',
    '/Patient?name:missing=perhaps',
    '/Patient?_has:Observation=x',
    '/Patient?_has:Observation:patient=x',
    '/Patient?_has:Nothing:patient:code=x',
    '/Patient?_has:Observation:code:status=x',
    '/Patient?_list=$current-problems',
    '/Patient?_list=a b',
    '/Patient?_type=Nothing',
    '/Patient?_filter=',
    '/Patient?name.given=x',
    '/Patient?birthdate.x=y',
    '/Patient?gender.x=y',
    '/Patient?organization:Practitioner.nothing:exact.name=y',
    '/Patient?_include=Patient',
    '/Patient?_include=Patient:name',
    '/Patient?_include=Patient:organization:Nothing',
    '/Patient?_include=Observation:subject',
    '/Patient?_include=',
    '/Patient?_revinclude=Patient:general-practitioner',
    '/Patient?_revinclude=**',
    '/Patient?_sort=nothing',
    '/Patient?_sort=,',
    '/Patient?_sort=--name',
    '/Patient?_summary=maybe',
    '/Patient?_total=some',
    '/Patient?_query=current-high-risk',
    '/Patient?_contained=maybe',
    '/Patient?_contained=true&_containedType=both',
  ])('%s is refused with 400', async (path) => {
    const [status, severity] = await refused(path);
    if (path.endsWith('_filter=')) expect(status).toBe(200);
    else expect([status, severity]).toEqual([400, 'error']);
  });

  it('takes a prefix for text where there are none: on strings, tokens and references', async () => {
    const ids = async (query: string) =>
      (await request('GET', `/Patient?${query}`)).as<Bundle>().entry?.map(({ resource }) => resource?.id);
    expect(await ids('name=eqb')).toEqual(['p']);
    expect(await ids('name=ge2')).toEqual(['p']);
    expect(await ids('name=geE')).toBeUndefined();
    expect(await ids('_id=eqp')).toBeUndefined();
  });
});

describe('a search for too much', () => {
  it.each(['-1', '-0', 'x', '1.5', '1e3', '', '99999999999', ' 1', '+1'])(
    'with _count=%s is refused',
    async (count) => {
      const { status } = await request('GET', `/Patient?${new URLSearchParams({ _count: count })}`);
      expect(status).toBe(400);
    },
  );

  it('gives at most 1000 resources a page', async () => {
    const found = (await request('GET', '/Patient?_count=100000')).as<Bundle>();
    expect(found.entry).toHaveLength(1);
  });

  it('with a list of 10,000 values is refused, one of 2,000 is served', async () => {
    const list = (length: number) => Array.from({ length }, (_, at) => at.toString(36)).join();
    const post = (value: string) =>
      request('POST', '/Patient/_search', { body: new URLSearchParams({ identifier: value }) });
    const [endless, many, few] = [await post(list(10_000)), await post(list(2001)), await post(list(2000))];
    expect([endless.status, many.status, few.status]).toEqual([413, 400, 200]);
    expect(many.as<OperationOutcome>().issue[0]?.diagnostics).toBe(
      'Search parameter identifier: 2001 values are more than 2000.',
    );
  });

  it.each([
    ['more than 200 parameters', new Array(201).fill('gender=male').join('&')],
    ['a chain of ten links', `${'link.'.repeat(10)}name=x`],
    ['_has within _has ten times', `${'_has:Patient:link:'.repeat(10)}name=x`],
  ])('with %s is refused', async (_, query) => {
    const answer = await request('GET', `/Patient?${query}`);
    expect(answer.status).toBe(400);
  });

  it('ends _include:iterate in a circle', async () => {
    const found = (
      await request('GET', '/Patient?_include:iterate=Patient:link&_revinclude:iterate=Patient:link')
    ).as<Bundle>();
    expect(found.entry).toHaveLength(1);
  });

  it('with chains that lead to millions of types is refused at once', async () => {
    const started = performance.now();
    const answer = await request('GET', `/ActivityDefinition?${'derived-from.'.repeat(8)}_id=x`);
    expect([answer.status, performance.now() - started < 1000]).toEqual([400, true]);
  });

  it('of every type for a thousand values is refused, of two types it is served', async () => {
    const ids = Array.from({ length: 1000 }, (_, at) => at.toString(36)).join();
    expect((await request('GET', `/?_id=${ids}`)).status).toBe(400);
    expect((await request('GET', `/?_type=Patient,Basic&_id=${ids}`)).status).toBe(200);
  });

  it('with a hundred tests of a filter is served', async () => {
    const filter = new Array(100).fill('name eq eqbal').join(' or ');
    expect((await request('GET', `/?_type=Patient,Practitioner&_filter=${filter}`)).status).toBe(200);
  });

  it('takes one value for all of a parameter that is repeated 200 times', async () => {
    const query = new Array(200).fill('name=eqbal').join('&');
    expect((await request('GET', `/Patient?${query}`)).status).toBe(200);
  });
});

describe('a page link', () => {
  it.each(['x', 'AAAA', '%00', '../../etc/passwd', 'a'.repeat(5000), "' OR 1=1"])('of %s is refused', async (page) => {
    expect((await request('GET', `/Patient?_page=${encodeURIComponent(page)}`)).status).toBe(400);
    expect((await request('GET', `/_history?_page=${encodeURIComponent(page)}`)).status).toBe(400);
  });
});

describe('a search that takes too long', () => {
  it('ends in 503 with Retry-After, never in 500', async () => {
    const client = new pg.Client({ connectionString: server.databaseUrl, options: `-c search_path=${server.schema}` });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE sp_str, history IN ACCESS EXCLUSIVE MODE');
      const answers = await Promise.all(
        ['/Patient?name=x', '/_history', '/?_type=Patient,Practitioner&name=x'].map((path) => request('GET', path)),
      );
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
      expect(answers[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(answers[0]?.as<OperationOutcome>().issue[0]?.code).toBe('transient');
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
    expect((await request('GET', '/Patient?name=eqbal')).status).toBe(200);
  });
});
