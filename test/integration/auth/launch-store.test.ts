/** Launch handles and contexts in the database: one use, one client, one person, and what is over goes. */
import { describe, expect, it } from 'vitest';
import { findLaunchContext, insertLaunchContext } from '../../../src/store/launch/context.ts';
import {
  findPresentedHandle,
  insertLaunchHandle,
  presentLaunchHandle,
  useLaunchHandle,
} from '../../../src/store/launch/handle.ts';
import { removeExpiredLaunches } from '../../../src/store/launch/remove-expired.ts';
import { withStore } from '../../support/store.ts';

const test = withStore();
const userId = '01890000-0000-7000-8000-000000000001';
const stranger = '01890000-0000-7000-8000-000000000002';
const context = {
  patient: 'awa',
  encounter: null,
  fhirContext: [{ reference: 'Observation/1' }],
  needPatientBanner: false,
  smartStyleUrl: null,
  intent: 'screening',
  tenant: null,
};

let count = 0;

async function aHandle(seconds = 300): Promise<string> {
  count += 1;
  const handle = `handle-${count}`;
  const expires = new Date(Date.now() + seconds * 1000);
  const { db } = test.store;
  await insertLaunchHandle(db, { ...context, handle, expires, clientId: 'app', userId, createdBy: 'ehr' });
  return handle;
}

const use = (handle: string, changes = {}) =>
  useLaunchHandle(test.store.db, { handle, seconds: 3600, clientId: 'app', userId, grantId: 'g', ...changes });

describe('a launch handle', () => {
  it('is in the database as a hash only', async () => {
    const handle = await aHandle();
    const rows = await test.store.db.query({ text: 'select * from launch_handle' });
    expect(JSON.stringify(rows)).not.toContain(handle);
  });

  it('is used by one of eight at once', async () => {
    const handle = await aHandle();
    await presentLaunchHandle(test.store.db, handle, 'app');
    const grants = Array.from({ length: 8 }, (_, at) => use(handle, { grantId: `grant-${at}` }));
    const winners = (await Promise.all(grants)).filter((found) => found !== undefined);
    expect(winners).toMatchObject([context]);
    expect(await presentLaunchHandle(test.store.db, handle, 'app')).toBeUndefined();
    expect(await findPresentedHandle(test.store.db, handle, 3600)).toBeUndefined();
  });

  it('that nobody brought is not used', async () => expect(await use(await aHandle())).toBeUndefined());

  it('is for its client and its person', async () => {
    const handle = await aHandle();
    expect(await presentLaunchHandle(test.store.db, handle, 'other')).toBeUndefined();
    await presentLaunchHandle(test.store.db, handle, 'app');
    expect(await use(handle, { clientId: 'other' })).toBeUndefined();
    expect(await use(handle, { userId: stranger })).toBeUndefined();
    expect(await use(handle)).toMatchObject({ userId });
  });

  it('brought too late is refused; brought in time, the sign-in may end later, but not for ever', async () => {
    const late = await aHandle(-1);
    expect(await presentLaunchHandle(test.store.db, late, 'app')).toBeUndefined();
    const handle = await aHandle();
    await presentLaunchHandle(test.store.db, handle, 'app');
    const { db } = test.store;
    await db.query({ text: 'update launch_handle set expires_at = now()' });
    expect(await findPresentedHandle(db, handle, 3600)).toMatchObject(context);
    await db.query({ text: `update launch_handle set presented_at = now() - interval '61 minutes'` });
    expect(await use(handle)).toBeUndefined();
  });
});

describe('a launch context', () => {
  const insert = (grantId: string, patient: string, expiresInSeconds = 60) =>
    insertLaunchContext(test.store.db, { ...context, patient, grantId, userId, createdBy: null, expiresInSeconds });

  it('is the one that the grant was given first', async () => {
    await insert('grant', 'awa');
    await insert('grant', 'elodie');
    expect(await findLaunchContext(test.store.db, 'grant')).toEqual(context);
    expect(await findLaunchContext(test.store.db, 'another')).toBeUndefined();
  });

  it('and handles that are over are removed, and no others', async () => {
    const { db } = test.store;
    await db.query({ text: 'delete from launch_handle' });
    await insert('old', 'awa', -1);
    await aHandle(-3 * 3600);
    const fresh = await aHandle();
    expect(await findLaunchContext(db, 'old')).toBeUndefined();
    expect(await removeExpiredLaunches(db, 100)).toBe(1);
    expect(await db.query({ text: `select 1 from launch_context where grant_id = 'old'` })).toEqual([]);
    expect(await findLaunchContext(db, 'grant')).toBeDefined();
    expect(await presentLaunchHandle(db, fresh, 'app')).toBeDefined();
    expect(await db.query({ text: 'select 1 from launch_handle' })).toHaveLength(1);
  });
});
