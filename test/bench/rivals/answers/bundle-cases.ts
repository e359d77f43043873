/** Transactions, batches, and pages while others write. https://hl7.org/fhir/R4/http.html#transaction */
import { type Answer, type Call, type Case, outcome, statuses } from './caller.ts';

interface Entry {
  readonly fullUrl?: string;
  readonly resource?: object;
  readonly request: object;
}

const send = (call: Call, type: string, entry: readonly Entry[]) =>
  call('', { method: 'POST', body: { resourceType: 'Bundle', type, entry } });
const patient = (id: string, content: object = {}) => ({ resourceType: 'Patient', id, ...content });
const observation = (reference: string, content: object = {}) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  subject: { reference },
  ...content,
});
const post = (resource: object & { resourceType: string }, fullUrl?: string): Entry => ({
  ...(fullUrl && { fullUrl }),
  resource,
  request: { method: 'POST', url: resource.resourceType },
});
const put = (resource: { resourceType: string; id: string }): Entry => ({
  resource,
  request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
});
const of = (method: string, url: string): Entry => ({ request: { method, url } });
const subject = async (call: Call, answer: Answer, at: number) => {
  const location = answer.body.entry?.[at]?.response?.location?.replace(/^.*?(Observation\/[^/]+).*$/, '$1') ?? '';
  return (await call(location)).body.subject?.reference?.replace(/\/_history.*$/, '');
};

const transactions: readonly Case[] = [
  {
    title: 'DELETE, POST, PUT, GET in this order, answers in the order of the entries',
    ask: async (call, run) => {
      await call(`Patient/${run}-t1`, { method: 'PUT', body: patient(`${run}-t1`) });
      const answer = await send(call, 'transaction', [
        of('GET', `Patient/${run}-t2`),
        put(patient(`${run}-t2`)),
        post({ resourceType: 'Patient' }),
        of('DELETE', `Patient/${run}-t1`),
      ]);
      const [first] = answer.body.entry ?? [];
      return `${statuses(answer)} ${first?.resource?.id === `${run}-t2`}`;
    },
    expected: ['200 201 201 204 true', '200 201 201 200 true'],
  },
  {
    title: 'references to a urn:uuid of an entry are resolved',
    ask: async (call, run) => {
      const urn = `urn:uuid:${crypto.randomUUID()}`;
      const entries = [post(observation(urn)), { ...put(patient(`${run}-t3`)), fullUrl: urn }];
      return `${(await subject(call, await send(call, 'transaction', entries), 0)) === `Patient/${run}-t3`}`;
    },
    expected: 'true',
  },
  {
    title: 'a conditional reference of one match is resolved',
    ask: async (call, run) => {
      const answer = await send(call, 'transaction', [post(observation(`Patient?identifier=urn:example:ipp|${run}1`))]);
      return `${(await subject(call, answer, 0)) === `Patient/${run}-zoe`}`;
    },
    expected: 'true',
  },
  {
    title: 'a conditional reference of no match fails the whole',
    ask: async (call, run) => {
      const entries = [put(patient(`${run}-t4`)), post(observation('Patient?identifier=urn:example:ipp|nobody'))];
      const answer = await send(call, 'transaction', entries);
      return `${answer.status >= 400 && answer.status < 500} ${(await call(`Patient/${run}-t4`)).status}`;
    },
    expected: 'true 404',
  },
  {
    title: 'a conditional reference to what the same transaction creates',
    ask: async (call, run) => {
      const who = { identifier: [{ system: 'urn:example:write', value: `${run}same` }] };
      const urn = `urn:uuid:${crypto.randomUUID()}`;
      const create = {
        fullUrl: urn,
        resource: { resourceType: 'Patient', ...who },
        request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:example:write|${run}same` },
      };
      const entries = [post(observation(urn)), create];
      const [first, second] = [await send(call, 'transaction', entries), await send(call, 'transaction', entries)];
      const same = (await subject(call, first, 0)) === (await subject(call, second, 0));
      return `${statuses(first)}; ${statuses(second)}; ${same}`;
    },
    expected: '201 201; 201 200; true',
  },
  {
    title: 'two entries that write the same resource are refused',
    ask: async (call, run) => {
      const entries = [put(patient(`${run}-t5`, { active: true })), put(patient(`${run}-t5`, { active: false }))];
      const answer = await send(call, 'transaction', entries);
      return `${outcome(answer)}; ${(await call(`Patient/${run}-t5`)).status}`;
    },
    expected: ['400 with OperationOutcome; 404', '422 with OperationOutcome; 404'],
  },
  {
    title: 'one entry with a stale If-Match fails the whole',
    ask: async (call, run) => {
      const stale = {
        resource: patient(`${run}-t2`, { active: true }),
        request: { method: 'PUT', url: `Patient/${run}-t2`, ifMatch: 'W/"7"' },
      };
      const answer = await send(call, 'transaction', [put(patient(`${run}-t6`)), stale]);
      return `${answer.status} ${(await call(`Patient/${run}-t6`)).status}`;
    },
    expected: ['412 404', '409 404'],
  },
  {
    title: 'a batch: each entry by itself',
    ask: async (call, run) =>
      statuses(
        await send(call, 'batch', [
          put(patient(`${run}-b1`)),
          of('GET', `Patient/${run}-never`),
          post({ resourceType: 'Nothing' }),
          of('GET', `Patient?_id=${run}-zoe`),
        ]),
      ),
    expected: ['201 404 404 200', '201 404 400 200', '201 404 422 200'],
  },
  {
    title: 'a patch inside a transaction (FHIRPath Patch)',
    ask: async (call, run) => {
      const part = [
        { name: 'type', valueCode: 'add' },
        { name: 'path', valueString: 'Patient' },
        { name: 'name', valueString: 'birthDate' },
        { name: 'value', valueDate: '2001-01-01' },
      ];
      const resource = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] };
      const answer = await send(call, 'transaction', [
        { resource, request: { method: 'PATCH', url: `Patient/${run}-t2` } },
      ]);
      return `${answer.status} ${(await call(`Patient/${run}-t2`)).body.birthDate}`;
    },
    expected: '200 2001-01-01',
  },
];

const observe = (run: string, id: string, text: string) => ({
  method: 'PUT',
  body: observation(`Patient/${run}-goff`, { id, code: { text } }),
});

/** Follows the pages of what was there at first, while others are written and deleted between the pages. */
async function pages(call: Call, run: string): Promise<string> {
  const id = (n: number) => `${run}-page${n}`;
  for (let n = 0; n < 9; n += 1) await call(`Observation/${id(n)}`, observe(run, id(n), `page ${n}`));
  let answer = await call(`Observation?subject=Patient/${run}-goff&_count=3&_sort=-_lastUpdated`);
  const seen: string[] = [];
  for (let page = 0; page < 8; page += 1) {
    seen.push(...(answer.body.entry ?? []).map(({ resource }) => resource?.id ?? ''));
    const next = answer.body.link?.find(({ relation }) => relation === 'next')?.url;
    if (next === undefined) break;
    await call(`Observation/${id(100 + page)}`, observe(run, id(100 + page), 'new'));
    await call(`Observation/${id(page * 3)}`, observe(run, id(page * 3), `changed ${page}`));
    answer = await call(next);
    if (answer.status !== 200) return `page answered ${answer.status}`;
  }
  const original = seen.filter((one) => /page\d$/.test(one));
  const repeated = original.length - new Set(original).size;
  return `${new Set(original).size} of 9, ${repeated} repeated`;
}

const paging: readonly Case[] = [
  { title: 'pages sorted by -_lastUpdated while others write', ask: pages, expected: '9 of 9, 0 repeated' },
];

const concurrency: readonly Case[] = [
  {
    title: '16 conditional creates of one identifier at once make one resource',
    ask: async (call, run) => {
      const value = `${run}race`;
      const body = { resourceType: 'Patient', identifier: [{ system: 'urn:example:write', value }] };
      const headers = { 'if-none-exist': `identifier=urn:example:write%7C${value}` };
      await Promise.all(Array.from({ length: 16 }, () => call('Patient', { method: 'POST', headers, body })));
      const { body: bundle } = await call(`Patient?identifier=urn:example:write%7C${value}`);
      return `${bundle.entry?.length ?? 0}`;
    },
    expected: '1',
  },
  {
    title: '16 updates with the same If-Match at once: one is taken',
    ask: async (call, run) => {
      const id = `${run}-lost`;
      await call(`Patient/${id}`, { method: 'PUT', body: patient(id) });
      const answers = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          call(`Patient/${id}`, {
            method: 'PUT',
            headers: { 'if-match': 'W/"1"' },
            body: patient(id, { birthDate: `19${70 + n}-01-01` }),
          }),
        ),
      );
      const count = (status: (code: number) => boolean) => answers.filter((one) => status(one.status)).length;
      return `${count((code) => code === 200)} taken, ${count((code) => code === 412 || code === 409)} refused`;
    },
    expected: '1 taken, 15 refused',
  },
];

export const bundleCases: readonly Case[] = [...transactions, ...paging, ...concurrency];
