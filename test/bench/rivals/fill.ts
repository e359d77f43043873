/** Puts the same resources into every side, once: what is there already (in a kept folder) is not sent again. */
import { firstOfFill } from '../ingest.ts';
import { drive } from '../load.ts';
import { perRecord, record } from '../records.ts';
import { observation, patient } from '../resources.ts';

import type { ServerSide } from './sides.ts';

/** Patients p1, p3, ... and Observations o0, o2, ... that are read. */
export const simple = 20_000;
/** Observations u0, u1, ... that are updated. */
export const updated = 2000;
const perTransaction = 500;

export const withId = (id: string, text: string) => `{"id":"${id}",${text.slice(1)}`;
const put = (type: string, id: string, text: string) =>
  `{"resource":${withId(id, text)},"request":{"method":"PUT","url":"${type}/${id}"}}`;

async function transact(side: ServerSide, entries: readonly string[]): Promise<void> {
  for (let from = 0; from < entries.length; from += perTransaction) {
    const batch = entries.slice(from, from + perTransaction).join(',');
    const answer = await fetch(side.base, {
      method: 'POST',
      headers: { ...(await side.headers()), 'content-type': 'application/fhir+json' },
      body: `{"resourceType":"Bundle","type":"transaction","entry":[${batch}]}`,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Filling ${side.name} failed: ${answer.status} ${text.slice(0, 500)}`);
  }
}

/** How many records of patients make about so many resources. */
export const recordsOf = (resources: number) => Math.max(1, Math.ceil((resources - simple - updated) / perRecord));

/** Fills a side; a Basic resource that is written last says that it is filled. */
export async function fill(side: ServerSide, resources: number): Promise<void> {
  const mark = `filled-${resources}`;
  const headers = async () => ({ ...(await side.headers()), 'content-type': 'application/fhir+json' });
  const found = await fetch(`${side.base}/Basic/${mark}`, { headers: await headers() });
  await found.arrayBuffer();
  if (found.ok) return;
  const numbers = Array.from({ length: simple }, (_, at) => at);
  await transact(
    side,
    numbers.filter((n) => n % 2).map((n) => put('Patient', `p${n}`, patient(n))),
  );
  await transact(
    side,
    numbers.filter((n) => n % 2 === 0).map((n) => put('Observation', `o${n}`, observation(n, `Patient/p${n + 1}`))),
  );
  const updates = numbers.slice(0, updated).map((n) => put('Observation', `u${n}`, observation(n, 'Patient/p1')));
  await transact(side, updates);
  const { origin, pathname } = new URL(side.base);
  const records = recordsOf(resources);
  for (let sent = 0; sent < records; sent += 40) {
    const given = await headers();
    await drive({
      origin,
      clients: 2,
      count: Math.min(40, records - sent),
      expect: 200,
      shot: (index) => ({
        method: 'POST',
        path: pathname,
        headers: given,
        body: record(firstOfFill + sent + index).bundle,
      }),
    });
  }
  await side.vacuum();
  const basic = { resourceType: 'Basic', id: mark, code: { text: 'benchmark' } };
  const marked = await fetch(`${side.base}/Basic/${mark}`, {
    method: 'PUT',
    headers: await headers(),
    body: JSON.stringify(basic),
  });
  if (!marked.ok) throw new Error(`${side.name} did not take the mark: ${marked.status}`);
  await marked.arrayBuffer();
}
