/** The audit trail: durable with what it tells of, chained, projected once. */
import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../src/store/audit/record.ts';
import { countAppended, markProjected, PROJECTION, unprojected } from '../../src/store/audit/unprojected.ts';
import { verifyChain } from '../../src/store/audit/verify-chain.ts';
import { withStore } from '../support/store.ts';

const context = withStore();

function record(subtype: string): AuditRecord {
  return {
    type: 'rest',
    subtype,
    action: 'R',
    outcome: '0',
    recorded: new Date('2026-01-02T03:04:05.678Z'),
    client: { name: 'test\nwith a line feed' },
    entities: [{ reference: 'Patient/1', detail: { a: 'é' } }],
    patients: ['Patient/1'],
  };
}

async function everything(): Promise<readonly string[]> {
  return (await unprojected(context.store.db, 1000)).map(({ record: { subtype } }) => subtype);
}

describe('the audit trail', () => {
  it('gives back what was appended, whole', async () => {
    await context.store.audit.append(record('first'));
    const [logged] = await unprojected(context.store.db, 10);
    expect(logged?.record).toEqual(record('first'));
  });

  it('counts what was ever appended, projected or not', async () => {
    const before = await countAppended(context.store.db);
    await Promise.all(Array.from({ length: 7 }, (_, at) => context.store.audit.append(record(`counted ${at}`))));
    await markProjected(context.store.db, await unprojected(context.store.db, 1000));
    expect(await countAppended(context.store.db)).toBe(before + 7);
  });

  it('keeps all of many that are appended at once, in whole chains', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, at) => context.store.audit.append(record(`many ${at}`))));
    expect((await everything()).filter((subtype) => subtype.startsWith('many'))).toHaveLength(200);
    expect(await verifyChain(context.store.db)).toEqual([]);
  });

  it('has nothing of a write that was refused or a transaction that was not committed', async () => {
    const write = {
      op: 'update',
      type: 'Patient',
      id: 'nobody',
      body: ['{', '}'],
      updated: '2026-01-02T03:04:05.678Z',
      expect: 'present',
      index: [],
    } as const;
    const refused = context.store.resources.write([write], { audit: [record('refused')] });
    await expect(refused).rejects.toMatchObject({ kind: 'notFound' });
    const undone = context.store.transaction(async (tx) => {
      await tx.audit.append(record('undone'));
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    const subtypes = await everything();
    expect(subtypes).not.toContain('refused');
    expect(subtypes).not.toContain('undone');
    expect(await verifyChain(context.store.db)).toEqual([]);
  });

  it('goes on while a transaction holds a chain', async () => {
    await context.store.transaction(async (tx) => {
      await tx.audit.append(record('held'));
      await context.store.audit.append(record('beside'));
    });
    expect(await everything()).toEqual(expect.arrayContaining(['held', 'beside']));
    expect(await verifyChain(context.store.db)).toEqual([]);
  });

  it('hands every record out until it is marked', async () => {
    const seen: string[] = [];
    for (;;) {
      const some = await context.store.transaction(async (tx) => {
        await tx.lock([PROJECTION]);
        const records = await unprojected(tx.db, 50);
        await markProjected(tx.db, records);
        return records;
      });
      if (some.length === 0) break;
      seen.push(...some.map(({ chain, seq }) => `${chain}/${seq}`));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(await everything()).toEqual([]);
    await context.store.audit.append(record('later'));
    expect(await everything()).toEqual(['later']);
  });

  it.each([
    ['changed', `UPDATE audit_log SET record = replace(record, 'first', 'other') WHERE seq = 1`],
    ['missing', 'DELETE FROM audit_log WHERE seq = 1'],
    [
      'cut off',
      'DELETE FROM audit_log l WHERE seq > 1 AND seq = (SELECT seq FROM audit_chain c WHERE c.chain = l.chain)',
    ],
  ] as const)('shows when a record was %s', async (problem, tampering) => {
    const found = context.store.transaction(async (tx) => {
      await tx.db.query({ text: tampering });
      throw await verifyChain(tx.db);
    });
    await expect(found).rejects.toEqual(expect.arrayContaining([expect.objectContaining({ problem })]));
  });
});
