/** Conditional writes of several server processes on one database. https://hl7.org/fhir/R4/http.html#ccreate */
import type { Bundle, BundleEntry, Observation } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../src/auth/system-access.ts';
import type { Context } from '../../../src/fhir/context.ts';
import { createUnlessFound } from '../../../src/fhir/interactions/conditional-create.ts';
import { updateFound } from '../../../src/fhir/interactions/conditional-update.ts';
import { transaction } from '../../../src/fhir/interactions/transaction.ts';
import { bodyOf } from '../../../src/fhir/json/body.ts';
import { silent } from '../../../src/shared/logger.ts';
import { type OpenStore, openStore } from '../../../src/store/open.ts';
import { withStore } from '../../support/store.ts';

const first = withStore();
let second: OpenStore;

beforeAll(async () => {
  const { databaseUrl, schema } = first;
  second = await openStore({ databaseUrl, schema, queryTimeoutSeconds: 20, log: silent });
});
afterAll(() => second?.close());

const system = 'http://example.org/race';
const patient = (value: string) => bodyOf({ resourceType: 'Patient', identifier: [{ system, value }] });
const criteria = (value: string) => `identifier=${system}|${value}`;

/** The context of one of the two processes. */
function contextOf(at: number): Context {
  const store = at % 2 ? second : first.store;
  const access = systemAccess('test');
  return { store, access, validate: () => [], now: () => new Date(), base: 'http://localhost/fhir', log: silent };
}

async function count(value: string): Promise<number> {
  const where = [{ kind: 'token', param: 'Patient.identifier', any: [{ system, code: value }] }] as const;
  const { total } = await second.search({ type: 'Patient', where, sort: [], count: 0, total: 'accurate' });
  return total ?? -1;
}

describe('two processes', () => {
  it('that let 64 clients create conditionally make exactly one resource', async () => {
    const replies = await Promise.all(
      Array.from({ length: 64 }, (_, at) =>
        createUnlessFound(contextOf(at), { type: 'Patient', body: patient('one'), ifNoneExist: criteria('one') }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(new Set(replies.map(({ version }) => version?.id)).size).toBe(1);
    expect(await count('one')).toBe(1);
  });

  it('that create by one identifier in different criteria make exactly one', async () => {
    const asked = [criteria('two'), 'identifier=two', `${criteria('two')}&_format=json`];
    await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        createUnlessFound(contextOf(at), { type: 'Patient', body: patient('two'), ifNoneExist: asked[at % 3] }),
      ),
    );
    expect(await count('two')).toBe(1);
  });

  it('that mix conditional creates and updates make exactly one', async () => {
    await Promise.all(
      Array.from({ length: 30 }, async (_, at) => {
        const context = contextOf(at);
        const asked = { type: 'Patient', body: patient('three') };
        if (at % 3) await createUnlessFound(context, { ...asked, ifNoneExist: criteria('three') });
        else await updateFound(context, { ...asked, params: new URLSearchParams(criteria('three')) });
      }),
    );
    expect(await count('three')).toBe(1);
  });

  it('that run transactions with overlapping criteria in any order never wait for each other for ever', async () => {
    const values = Array.from({ length: 8 }, (_, at) => `t-${at}`);
    const run = (at: number) => {
      const order = at % 4 < 2 ? values : values.toReversed();
      const turned = [...order.slice(at % 8), ...order.slice(0, at % 8)];
      const entry = turned.flatMap((value): BundleEntry[] => [
        {
          fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000000${value.slice(2)}`,
          resource: patient(value).resource,
          request: { method: 'POST', url: 'Patient', ifNoneExist: criteria(value) },
        },
        {
          resource: {
            resourceType: 'Observation',
            status: 'final',
            code: { text: `${at}` },
            subject: { reference: `Patient?${criteria(value)}` },
          },
          request: { method: 'POST', url: 'Observation' },
        },
      ]);
      return transaction(contextOf(at), { body: bodyOf({ resourceType: 'Bundle', type: 'transaction', entry }) });
    };
    const replies = await Promise.all(Array.from({ length: 16 }, (_, at) => run(at)));
    expect(replies.map(({ status }) => status)).toEqual(new Array(16).fill(200));
    for (const value of values) expect(await count(value)).toBe(1);
    const locations = replies.flatMap(({ text }) => (JSON.parse(text ?? '') as Bundle).entry ?? []);
    expect(locations.filter(({ response }) => response?.status === '201 Created')).toHaveLength(8 + 16 * 8);
    const { versions } = await second.search({ type: 'Observation', where: [], sort: [], count: 200, total: 'none' });
    const subjects = new Set(versions.map(({ body }) => (JSON.parse(body) as Observation).subject?.reference));
    expect(subjects.size).toBe(8);
  });
});
