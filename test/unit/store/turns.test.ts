import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openTurns } from '../../../src/store/turns.ts';

describe('turns', () => {
  it('run work that shares a name one after the other, in the order in which it came', async () => {
    const turns = openTurns();
    const log: string[] = [];
    const work = (name: string, milliseconds: number) => async () => {
      log.push(`${name} begins`);
      await sleep(milliseconds);
      log.push(`${name} ends`);
    };
    await Promise.all([turns(['x', 'y'], work('a', 20)), turns(['y', 'z'], work('b', 1)), turns(['z'], work('c', 1))]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('run work without a common name at once', async () => {
    const turns = openTurns();
    const started = performance.now();
    await Promise.all(['x', 'y', 'z'].map((name) => turns([name], () => sleep(50))));
    expect(performance.now() - started).toBeLessThan(140);
  });

  it('go on after work that failed, and hand its error and results out', async () => {
    const turns = openTurns();
    const failing = turns(['x'], () => Promise.reject(new Error('no')));
    const next = turns(['x'], () => Promise.resolve(7));
    await expect(failing).rejects.toThrow('no');
    await expect(next).resolves.toBe(7);
  });
});
