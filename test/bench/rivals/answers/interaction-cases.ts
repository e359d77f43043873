/** Reads, writes and patches and what R4 says of them. https://hl7.org/fhir/R4/http.html */
import { type Answer, type Call, type Case, outcome } from './caller.ts';
import { tagSystem } from './world.ts';

const patient = (id: string, content: object = {}) => ({ resourceType: 'Patient', id, ...content });
const put = (call: Call, id: string, content: object = {}, headers = {}) =>
  call(`Patient/${id}`, { method: 'PUT', headers, body: patient(id, content) });
const identified = (value: string) => ({ identifier: [{ system: 'urn:example:write', value }] });
const query = (value: string) => `identifier=urn:example:write%7C${value}`;
const version = ({ status, headers }: Answer) => `${status} ${headers.get('etag')}`;

const reads: readonly Case[] = [
  {
    title: 'read of what never was',
    ask: async (call, run) => outcome(await call(`Patient/${run}-never`)),
    expected: '404 with OperationOutcome',
  },
  {
    title: 'read of a deleted one',
    ask: async (call, run) => {
      await put(call, `${run}-gone`);
      await call(`Patient/${run}-gone`, { method: 'DELETE' });
      return outcome(await call(`Patient/${run}-gone`));
    },
    expected: '410 with OperationOutcome',
  },
  {
    title: 'written again after deletion, the versions go on',
    ask: async (call, run) => version(await put(call, `${run}-gone`, { active: true })),
    expected: ['201 W/"3"', '200 W/"3"'],
  },
  {
    title: 'vread of version 1; of a version that is not',
    ask: async (call, run) => {
      const [first, none] = [
        await call(`Patient/${run}-gone/_history/1`),
        await call(`Patient/${run}-gone/_history/9`),
      ];
      return `${first.status} ${first.body.meta?.versionId}; ${none.status}`;
    },
    expected: '200 1; 404',
  },
  {
    title: 'If-None-Match of the current version',
    ask: async (call, run) =>
      `${(await call(`Patient/${run}-gone`, { headers: { 'if-none-match': 'W/"3"' } })).status}`,
    expected: '304',
  },
  {
    title: 'If-Modified-Since in the future of the last change',
    ask: async (call, run) => {
      const since = new Date(Date.now() + 60_000).toUTCString();
      return `${(await call(`Patient/${run}-gone`, { headers: { 'if-modified-since': since } })).status}`;
    },
    expected: '304',
  },
  {
    title: 'history: newest first, the deletion too',
    ask: async (call, run) => {
      const { body } = await call(`Patient/${run}-gone/_history`);
      return (body.entry ?? []).map(({ resource }) => resource?.meta?.versionId ?? 'deleted').join(' ');
    },
    expected: '3 deleted 1',
  },
  {
    title: 'HEAD',
    ask: async (call, run) => {
      const { status, text, headers } = await call(`Patient/${run}-gone`, { method: 'HEAD' });
      return `${status} ${text.length} ${headers.get('etag')}`;
    },
    expected: '200 0 W/"3"',
  },
  {
    title: 'XML asked for by Accept; by _format',
    ask: async (call, run) => {
      const accept = await call(`Patient/${run}-gone`, { headers: { accept: 'application/fhir+xml' } });
      const format = await call(`Patient/${run}-gone?_format=xml`);
      return [accept, format].map(({ text }) => /^(<\?xml[^>]*>)?\s*<Patient/.test(text)).join(' ');
    },
    expected: 'true true',
  },
  {
    title: 'an Accept that nobody has',
    ask: async (call, run) => `${(await call(`Patient/${run}-gone`, { headers: { accept: 'image/png' } })).status}`,
    expected: '406',
  },
  {
    title: 'a decimal keeps its digits',
    ask: async (call, run) => {
      const text = `{"resourceType":"Observation","id":"${run}-digits","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.500}}`;
      await call(`Observation/${run}-digits`, { method: 'PUT', body: text });
      return /"value":\s*([\d.]+)/.exec((await call(`Observation/${run}-digits`)).text)?.[1] ?? 'none';
    },
    expected: '1.500',
  },
];

const writes: readonly Case[] = [
  {
    title: 'If-Match of an older version',
    ask: async (call, run) => outcome(await put(call, `${run}-gone`, {}, { 'if-match': 'W/"1"' })),
    expected: ['412 with OperationOutcome', '409 with OperationOutcome'],
  },
  {
    title: 'update with another id in the body',
    ask: async (call, run) =>
      outcome(await call(`Patient/${run}-one`, { method: 'PUT', body: patient(`${run}-other`) })),
    expected: '400 with OperationOutcome',
  },
  {
    title: 'If-None-Exist: none, one, then several matches',
    ask: async (call, run) => {
      const ifNone = { 'if-none-exist': query(`${run}e`) };
      const create = (headers = {}) =>
        call('Patient', { method: 'POST', headers, body: { resourceType: 'Patient', ...identified(`${run}e`) } });
      const codes = [await create(ifNone), await create(ifNone), await create(), await create(ifNone)];
      return codes.map(({ status }) => status).join(' ');
    },
    expected: '201 200 201 412',
  },
  {
    title: 'conditional update: none, one, then several matches',
    ask: async (call, run) => {
      const body = { resourceType: 'Patient', ...identified(`${run}u`) };
      const update = (active: boolean) =>
        call(`Patient?${query(`${run}u`)}`, { method: 'PUT', body: { ...body, active } });
      const codes = [await update(true), await update(false)];
      await call('Patient', { method: 'POST', body });
      return [...codes, await update(true)].map(({ status }) => status).join(' ');
    },
    expected: '201 200 412',
  },
  {
    title: 'conditional delete of one',
    ask: async (call, run) => {
      await put(call, `${run}-cd`, identified(`${run}cd`));
      const { status } = await call(`Patient?${query(`${run}cd`)}`, { method: 'DELETE' });
      return `${status < 300} ${(await call(`Patient/${run}-cd`)).status}`;
    },
    expected: 'true 410',
  },
  {
    title: 'Prefer: return=minimal; return=OperationOutcome',
    ask: async (call, run) => {
      const minimal = await put(call, `${run}-prefer`, {}, { prefer: 'return=minimal' });
      const told = await put(call, `${run}-prefer`, { active: true }, { prefer: 'return=OperationOutcome' });
      return `${minimal.text.length} ${outcome(told)}`;
    },
    expected: '0 200 with OperationOutcome',
  },
  {
    title: 'create answers with Location of the version',
    ask: async (call) => {
      const { headers } = await call('Patient', { method: 'POST', body: { resourceType: 'Patient' } });
      return `${/\/Patient\/[A-Za-z0-9.-]+\/_history\/1$/.test(headers.get('location') ?? '')}`;
    },
    expected: 'true',
  },
  {
    title: 'an element that R4 does not have is refused',
    ask: async (call, run) => outcome(await put(call, `${run}-bad`, { nonsense: true })),
    expected: ['400 with OperationOutcome', '422 with OperationOutcome'],
  },
  {
    title: 'a code outside its required binding is refused',
    ask: async (call, run) => outcome(await put(call, `${run}-bad`, { gender: 'femelle' })),
    expected: ['400 with OperationOutcome', '422 with OperationOutcome'],
  },
  {
    title: 'an Observation without status and code is refused',
    ask: async (call) => outcome(await call('Observation', { method: 'POST', body: { resourceType: 'Observation' } })),
    expected: ['400 with OperationOutcome', '422 with OperationOutcome'],
  },
  {
    title: 'malformed JSON; an unknown type; another media type',
    ask: async (call) => {
      const broken = await call('Patient', { method: 'POST', body: '{"resourceType":' });
      const unknown = await call('Nothing/1');
      const media = await call('Patient', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' });
      return [broken, unknown, media].map(outcome).join('; ');
    },
    expected: '400 with OperationOutcome; 404 with OperationOutcome; 415 with OperationOutcome',
  },
];

const patching = (body: unknown, type: string, headers = {}) => ({
  method: 'PATCH',
  headers: { 'content-type': type, ...headers },
  body,
});
const jsonPatch = 'application/json-patch+json';
const parameters = (...part: readonly object[]) => ({
  resourceType: 'Parameters',
  parameter: [{ name: 'operation', part }],
});

const patches: readonly Case[] = [
  {
    title: 'JSON Patch; with If-Match of an older version',
    ask: async (call, run) => {
      await put(call, `${run}-patch`, { birthDate: '1980-01-01' });
      const body = [{ op: 'replace', path: '/birthDate', value: '1990-02-02' }];
      const done = await call(`Patient/${run}-patch`, patching(body, jsonPatch));
      const late = await call(`Patient/${run}-patch`, patching(body, jsonPatch, { 'if-match': 'W/"1"' }));
      return `${done.status} ${(await call(`Patient/${run}-patch`)).body.birthDate} ${late.status}`;
    },
    expected: ['200 1990-02-02 412', '200 1990-02-02 409'],
  },
  {
    title: 'JSON Patch whose test fails changes nothing',
    ask: async (call, run) => {
      const body = [
        { op: 'replace', path: '/birthDate', value: '2000-01-01' },
        { op: 'test', path: '/birthDate', value: '1901-01-01' },
      ];
      const { status } = await call(`Patient/${run}-patch`, patching(body, jsonPatch));
      return `${status >= 400 && status < 500} ${(await call(`Patient/${run}-patch`)).body.birthDate}`;
    },
    expected: 'true 1990-02-02',
  },
  {
    title: 'FHIRPath Patch: replace, and add',
    ask: async (call, run) => {
      const path = (value: string) => ({ name: 'path', valueString: value });
      const replace = parameters({ name: 'type', valueCode: 'replace' }, path('Patient.birthDate'), {
        name: 'value',
        valueDate: '1991-03-03',
      });
      const add = parameters(
        { name: 'type', valueCode: 'add' },
        path('Patient'),
        { name: 'name', valueString: 'active' },
        { name: 'value', valueBoolean: true },
      );
      const codes = [];
      for (const body of [replace, add])
        codes.push((await call(`Patient/${run}-patch`, patching(body, 'application/fhir+json'))).status);
      const { body, text } = await call(`Patient/${run}-patch`);
      return `${codes.join(' ')} ${body.birthDate} ${/"active":\s*true/.test(text)}`;
    },
    expected: '200 200 1991-03-03 true',
  },
  {
    title: 'conditional patch: one match, none',
    ask: async (call, run) => {
      await put(call, `${run}-cp`, { ...identified(`${run}cp`), birthDate: '1980-01-01' });
      const body = [{ op: 'replace', path: '/birthDate', value: '1999-09-09' }];
      const one = await call(`Patient?${query(`${run}cp`)}`, patching(body, jsonPatch));
      const none = await call(`Patient?${query(`${run}no`)}`, patching(body, jsonPatch));
      return `${one.status} ${(await call(`Patient/${run}-cp`)).body.birthDate} ${none.status}`;
    },
    expected: ['200 1999-09-09 404', '200 1999-09-09 412'],
  },
];

const operations: readonly Case[] = [
  {
    title: '$validate lists what is wrong and answers 200',
    ask: async (call) =>
      outcome(await call('Patient/$validate', { method: 'POST', body: { resourceType: 'Patient', gender: 'x' } })),
    expected: ['200 with OperationOutcome', '412 with OperationOutcome'],
  },
  {
    title: 'Patient/ID/$everything has the compartment',
    ask: async (call, run) => {
      const { body } = await call(`Patient/${run}-zoe/$everything?_count=50`);
      const types = new Set((body.entry ?? []).map(({ resource }) => resource?.resourceType));
      return ['Patient', 'Observation', 'Condition', 'RiskAssessment'].map((type) => types.has(type)).join(' ');
    },
    expected: 'true true true true',
  },
  {
    title: '$meta-add of a tag makes it found',
    ask: async (call, run) => {
      const meta = { tag: [{ system: tagSystem, code: `${run}-added` }] };
      const body = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] };
      await call(`Patient/${run}-patch/$meta-add`, { method: 'POST', body });
      const { body: bundle } = await call(`Patient?_tag=${tagSystem}%7C${run}-added`);
      return `${bundle.entry?.length ?? 0}`;
    },
    expected: '1',
  },
];

export const interactionCases: readonly Case[] = [...reads, ...writes, ...patches, ...operations];
