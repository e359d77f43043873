/** PUT with If-Match against our own create: what it costs that there is an older version. */
import { creating, creations } from './create.ts';
import { transact } from './read.ts';
import { observation } from './resources.ts';
import { type Bench, fhirHeaders, inTurn, type Side, type Suite } from './suite.ts';

const bar = 0.6;
const clients = 16;
const perTransaction = 500;

const withId = (id: string, text: string) => `{"id":"${id}",${text.slice(1)}`;

async function fill(bench: Bench): Promise<void> {
  for (let from = 0; from < bench.count; from += perTransaction) {
    const entry = Array.from({ length: Math.min(perTransaction, bench.count - from) }, (_, offset) => {
      const id = `u${from + offset}`;
      const resource = withId(id, observation(from + offset, 'Patient/p1'));
      return `{"resource":${resource},"request":{"method":"PUT","url":"Observation/${id}"}}`;
    });
    await transact(bench, entry);
  }
}

/** Each round updates each resource once, so that the version that it has is known. */
function updating(origin: string, token: string, version: number): Side {
  const headers = { ...fhirHeaders(token), 'if-match': `W/"${version}"` };
  return {
    origin,
    expect: 200,
    shot: (index) => ({
      method: 'PUT',
      path: `/fhir/Observation/u${index}`,
      headers,
      body: withId(`u${index}`, observation(index + version * 7919, 'Patient/p1')),
    }),
  };
}

export const updateSuite: Suite = async function* (bench) {
  await fill(bench);
  const next = creations();
  let version = 0;
  const { floor, ours } = await inTurn(bench, { clients, count: bench.count }, (token) => {
    version += 1;
    return { floor: creating(bench.ours, token, next), ours: updating(bench.ours, token, version) };
  });
  yield {
    suite: 'update',
    what: `${clients} clients, floor: our create`,
    unit: 'requests/s',
    floor: floor.perSecond,
    ours: ours.perSecond,
    ratio: ours.perSecond / floor.perSecond,
    bar: `${bar}`,
    p50: ours.p50,
    p99: ours.p99,
  };
};
