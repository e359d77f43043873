/** GET of random Patients and Observations against a bare prepared SELECT of the same text. */
import { observation, patient } from './resources.ts';
import { type Bench, compare, fhirHeaders, type Side, type Suite } from './suite.ts';

const bar = 0.5;
const resources = 20_000;
const perTransaction = 500;

interface Entry {
  readonly path: string;
  readonly text: string;
}

function entries(from: number): readonly Entry[] {
  return Array.from({ length: perTransaction }, (_, offset) => {
    const index = from + offset;
    const path = index % 2 ? `Patient/p${index}` : `Observation/o${index}`;
    return { path, text: index % 2 ? patient(index) : observation(index, `Patient/p${index + 1}`) };
  });
}

const withId = ({ path, text }: Entry) => `{"id":"${path.split('/')[1]}",${text.slice(1)}`;

/** Sends a transaction; throws what the server says when it does not take it. */
export async function transact(bench: Bench, entry: readonly string[]): Promise<void> {
  const response = await fetch(`${bench.ours}/fhir`, {
    method: 'POST',
    headers: fhirHeaders(await bench.token()),
    body: `{"resourceType":"Bundle","type":"transaction","entry":[${entry.join(',')}]}`,
  });
  if (!response.ok) throw new Error(`Filling failed: ${response.status} ${(await response.text()).slice(0, 500)}`);
  await response.arrayBuffer();
}

/** Puts the same resources into both: through transactions into ours, as rows of exactly what ours answers into the floor. */
async function fill(bench: Bench): Promise<readonly string[]> {
  const paths: string[] = [];
  for (let from = 0; from < resources; from += perTransaction) {
    const batch = entries(from);
    await transact(
      bench,
      batch.map((one) => `{"resource":${withId(one)},"request":{"method":"PUT","url":"${one.path}"}}`),
    );
    const keys = batch.map(({ path }) => `/fhir/${path}`);
    await bench.database.query(
      'insert into floor select * from unnest($1::text[], $2::text[]) on conflict do nothing',
      [keys, batch.map(withId)],
    );
    paths.push(...keys);
  }
  await bench.database.query('analyze floor');
  return paths;
}

/** Reads of the 20,000, of both sides; fills them first. */
export async function readers(bench: Bench): Promise<{ readonly floor: Side; readonly ours: (token: string) => Side }> {
  const paths = await fill(bench);
  // A fixed stride that is coprime to the number of resources visits all of them in no order.
  const path = (index: number) => paths[(index * 7919) % paths.length] as string;
  return {
    floor: { origin: bench.floor, expect: 200, shot: (index) => ({ method: 'GET', path: path(index) }) },
    ours: (token) => {
      const headers = { authorization: `Bearer ${token}` };
      return { origin: bench.ours, expect: 200, shot: (index) => ({ method: 'GET', path: path(index), headers }) };
    },
  };
}

export const readSuite: Suite = async function* (bench) {
  const { floor, ours } = await readers(bench);
  yield* compare(bench, 'read', bar, (token) => ({ floor, ours: ours(token) }));
};
