/** Record numbers: each patient has one, nobody has another's. livedoc-mapping: numero_dossier. */
import type { Patient } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/fhir/context.ts';
import { create } from '../../src/fhir/interactions/create.ts';
import { transaction } from '../../src/fhir/interactions/transaction.ts';
import { update } from '../../src/fhir/interactions/update.ts';
import { bodyOf, parseText } from '../../src/fhir/json/body.ts';
import { numbered, numeroIdentifier, numeroOf } from '../../src/livedoc/numbering.ts';
import { newId } from '../../src/shared/id.ts';
import { nextNumeroDossier } from '../../src/store/numbering/next-numero-dossier.ts';
import { numberReserve } from '../../src/store/numbering/number-reserve.ts';
import { aContext } from '../support/a-reading.ts';
import { withStore } from '../support/store.ts';

const database = withStore();

const complete: Context['complete'] = (store, body, id) =>
  numbered(store.db, body, { now: new Date(), ...(id === undefined ? {} : { id }) });

const stored = async (id: string) =>
  JSON.parse((await database.store.resources.read('Patient', id))?.body ?? '') as Patient;

async function write(numero: string, id = newId()): Promise<string> {
  const patient: Patient = { resourceType: 'Patient', id, identifier: [numeroIdentifier(numero)] };
  await update(aContext(database.store), { type: 'Patient', id, body: bodyOf(patient) });
  return id;
}

describe('a record number', () => {
  it('is AAAA-NNNNNN, and never the same to sessions that ask at once', async () => {
    const { db } = database.store;
    const numbers = await Promise.all(Array.from({ length: 50 }, () => nextNumeroDossier(db, 2031)));
    expect(new Set(numbers).size).toBe(50);
    expect(numbers.sort()[0]).toBe('2031-000001');
  });

  it('that a client has brought is passed over by the sequence', async () => {
    await write('2032-000002');
    const { db } = database.store;
    expect([await nextNumeroDossier(db, 2032), await nextNumeroDossier(db, 2032)]).toEqual([
      '2032-000001',
      '2032-000003',
    ]);
  });

  it('goes on after six digits', async () => {
    const { db } = database.store;
    await nextNumeroDossier(db, 2033);
    await db.query({ text: `SELECT setval('numero_dossier_2033', 999999)` });
    expect(await nextNumeroDossier(db, 2033)).toBe('2033-1000000');
  });

  it('of another patient is refused with a conflict, also to two who bring it at once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => write('2034-000001')));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = tries.find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ kind: 'conflict' });
  });

  it('stays its patient’s through updates, and after the patient has given it up', async () => {
    const id = await write('2035-000001');
    await write('2035-000001', id);
    await write('2035-000002', id);
    await expect(write('2035-000001')).rejects.toMatchObject({ kind: 'conflict' });
  });
});

describe('numbered', () => {
  const now = new Date('2036-05-01');

  it('gives a Patient without a number one, and leaves the rest of its text alone', async () => {
    const text =
      '{"resourceType":"Patient","extension":[{"url":"http://x.y","valueDecimal":1.10}],"identifier":[{"value":"a"}]}';
    const { text: written, resource } = await numbered(database.store.db, parseText(text), { now });
    expect(numeroOf(resource as Patient)).toBe('2036-000001');
    expect(written).toBe(text.replace('"a"}]', `"a"},${JSON.stringify(numeroIdentifier('2036-000001'))}]`));
    expect(JSON.parse(written)).toEqual(resource);
  });

  it('gives a Patient that is updated without its number the one that it has', async () => {
    const id = await write('2037-000009');
    const body = bodyOf({ resourceType: 'Patient', id });
    const { resource } = await numbered(database.store.db, body, { id, now });
    expect(numeroOf(resource as Patient)).toBe('2037-000009');
  });

  it('leaves a Patient with a number, and everything else, as it is', async () => {
    const own = bodyOf({ resourceType: 'Patient', identifier: [numeroIdentifier('1-1')] });
    expect(await numbered(database.store.db, own, { now })).toBe(own);
    const other = bodyOf({ resourceType: 'Basic', code: { text: 'x' } });
    expect(await numbered(database.store.db, other, { now })).toBe(other);
  });

  it('is given to a Patient that comes through FHIR without one, and kept by an update that leaves it out', async () => {
    const context = { ...aContext(database.store), complete };
    const { version } = await create(context, { type: 'Patient', body: bodyOf({ resourceType: 'Patient' }) });
    const id = version?.id ?? '';
    const given = await stored(id);
    expect(numeroOf(given)).toMatch(/^\d{4}-\d{6}$/);
    await update(context, { type: 'Patient', id, body: bodyOf({ resourceType: 'Patient', id, active: true }) });
    expect(numeroOf(await stored(id))).toBe(numeroOf(given));
  });

  it('is given in a transaction too', async () => {
    const entry = [
      {
        resource: { resourceType: 'Patient' as const, id: 'in-transaction' },
        request: { method: 'PUT' as const, url: 'Patient/in-transaction' },
      },
    ];
    await transaction(
      { ...aContext(database.store), complete },
      { body: bodyOf({ resourceType: 'Bundle', type: 'transaction', entry }) },
    );
    expect(numeroOf(await stored('in-transaction'))).toMatch(/^\d{4}-\d{6}$/);
  });

  it('comes from blocks that two servers never share', async () => {
    const reserves = [numberReserve(database.store.db), numberReserve(database.store.db)];
    const numbers = await Promise.all(Array.from({ length: 200 }, (_, index) => reserves[index % 2]?.(2053)));
    expect(new Set(numbers).size).toBe(200);
    expect(numbers.every((number) => /^2053-\d{6}$/.test(number ?? ''))).toBe(true);
  });

  it('of a new year begins anew, also within a block', async () => {
    const next = numberReserve(database.store.db);
    expect(await next(2054)).toBe('2054-000001');
    expect(await next(2055)).toBe('2055-000001');
  });

  it('is refused as a fault when the database cannot give one, and given when it can again', async () => {
    const { db } = database.store;
    let broken = true;
    const flaky: typeof db = {
      query: (statement) => (broken ? Promise.reject(new Error('no connection')) : db.query(statement)),
    };
    const next = numberReserve(flaky);
    await expect(next(2056)).rejects.toThrow('no connection');
    broken = false;
    expect(await next(2056)).toBe('2056-000001');
  });
});
