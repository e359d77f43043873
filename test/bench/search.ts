/** First pages of searches of every kind over many resources, against a read; and all pages of one large search. */

import { fillRecords, firstOfFill } from './ingest.ts';
import { drive } from './load.ts';
import { readers } from './read.ts';
import { commonCode, rareCode, systolic } from './records.ts';
import { median } from './report.ts';
import { type Bench, inTurn, type Side, type Suite } from './suite.ts';

const bar = 'p50 +4 ms, p99 +25 ms';
const clients = 16;
/** Of each shape, before anything is counted. */
const warmUp = 2000;

/** A shape's URL below /fhir; `n` is another number for each request, `records` how many there are. */
type Shape = (n: number, records: number) => string;

const somebody = (n: number, records: number) => `IPP${firstOfFill + ((n * 7919) % Math.max(1, records))}`;
const system = 'https%3A%2F%2Fhopital.example.org%2Fipp%7C';
const families = ['lefebvre', 'muller', 'le goff', 'ouedraogo'];
const day = (n: number) => new Date(Date.UTC(2015, 0, 1) + ((n * 31) % 3600) * 86_400_000).toISOString().slice(0, 10);

/** https://hl7.org/fhir/R4/search.html: the shapes of docs/performance.md. */
export const shapes: Readonly<Record<string, Shape>> = {
  ids: (n) => `Patient?_id=${Array.from({ length: 10 }, (_, at) => `p${2 * ((n * 13 + at) % 9000) + 1}`)}`,
  identifier: (n, records) => `Patient?identifier=${system}${somebody(n, records)}`,
  'name prefix': (n) => `Patient?name=${families[n % 4]}`,
  'birthdate range': (n) => `Patient?birthdate=ge${1940 + (n % 60)}-01-01&birthdate=lt${1941 + (n % 60)}-01-01`,
  'patient and code, newest first': (n, records) =>
    `Observation?patient.identifier=${system}${somebody(n, records)}&code=${commonCode}&_sort=-date`,
  'code, 36 % of all': () => `Observation?code=http://loinc.org|${commonCode}`,
  'code, 0.001 % of all': () => `Observation?code=http://loinc.org|${rareCode}`,
  'code, 36 % of all, by date': () => `Observation?code=${commonCode}&_sort=-date`,
  'code, 0.001 % of all, by date': () => `Observation?code=${rareCode}&_sort=-date`,
  'date range, by date': (n) => `Observation?date=ge${day(n)}&_sort=date`,
  'status and category': () => 'Observation?status=preliminary&category=laboratory',
  'value with unit': (n) => `Observation?value-quantity=gt${90 + (n % 5)}|http://unitsofmeasure.org|/min`,
  'component code and value': (n) =>
    `Observation?component-code-value-quantity=http://loinc.org|${systolic}$gt${150 + (n % 30)}`,
  'chained identifier': (n, records) => `Observation?subject:Patient.identifier=${system}${somebody(n, records)}`,
  '_has, rare': () => `Patient?_has:Observation:patient:code=${rareCode}`,
  '_has, common': () => `Patient?_has:Observation:patient:code=${commonCode}`,
  '_include and _revinclude': () => 'Encounter?class=EMER&_include=Encounter:patient&_revinclude=Condition:encounter',
  _lastUpdated: () => `Observation?_lastUpdated=gt${new Date(Date.now() - 60_000).toISOString()}`,
  'total of 36 %': () => `Observation?code=${commonCode}&_total=accurate`,
  'estimated total of 36 %': () => `Observation?code=${commonCode}&_total=estimate`,
};

function searching(bench: Bench, shape: Shape, records: number, token: string): Side {
  const headers = { authorization: `Bearer ${token}` };
  return {
    origin: bench.ours,
    expect: 200,
    shot: (index) => ({ method: 'GET', path: `/fhir/${shape(index, records)}`, headers }),
  };
}

export const searchSuite: Suite = async function* (bench) {
  const reading = await readers(bench);
  const records = await fillRecords(bench);
  const count = Math.ceil(bench.count / 4);
  for (const [what, shape] of Object.entries(shapes)) {
    // A shape's own code has to be compiled, and its statement planned on each connection, as on a server that runs for weeks.
    await drive({ clients, count: warmUp, ...searching(bench, shape, records, await bench.token()) });
    const { floor, ours } = await inTurn(bench, { clients, count }, (token) => ({
      floor: reading.ours(token),
      ours: searching(bench, shape, records, token),
    }));
    yield {
      suite: 'search',
      what: `${what}; floor: our read`,
      unit: 'ms at p50',
      floor: floor.p50,
      ours: ours.p50,
      ratio: ours.p50 - floor.p50,
      bar,
      p50: ours.p50 - floor.p50,
      p99: ours.p99 - floor.p50,
    };
  }
};

interface Page {
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry?: readonly unknown[];
}

/** Most matches that are paged through. */
const matches = 50_000;
const perPage = 100;

/** Times each page of a search of 50,000 matches: the last tenth against the first. */
export const pagesSuite: Suite = async function* (bench) {
  await fillRecords(bench);
  for (const sort of ['', '&_sort=-date']) {
    const times: number[] = [];
    let url: string | undefined = `${bench.ours}/fhir/Observation?code=${commonCode}&_count=${perPage}${sort}`;
    while (url !== undefined && times.length < matches / perPage) {
      const headers = { authorization: `Bearer ${await bench.token()}` };
      for (let page = 0; page < 50 && url !== undefined; page += 1) {
        const begin = performance.now();
        const answer: Response = await fetch(url, { headers });
        const { link = [] } = (await answer.json()) as Page;
        times.push(performance.now() - begin);
        if (!answer.ok) throw new Error(`A page was answered ${answer.status}.`);
        const next = link.find(({ relation }) => relation === 'next')?.url;
        url = next && `${bench.ours}${new URL(next).pathname}${new URL(next).search}`;
      }
    }
    const tenth = Math.ceil(times.length / 10);
    const [first, last] = [median(times.slice(0, tenth)), median(times.slice(-tenth))];
    yield {
      suite: 'pages',
      what: `${times.length} pages of ${perPage}${sort && ', by date'}; last tenth, floor: first tenth`,
      unit: 'ms a page',
      floor: first,
      ours: last,
      ratio: first / last,
      bar: '1.0',
    };
  }
};
