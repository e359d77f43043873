// https://hl7.org/fhir/R4/observation-operation-lastn.html: grouping by code, ties, the newest of each group
import { describe, expect, it } from 'vitest';
import { Newest } from '../../../../src/fhir/operations/lastn-groups.ts';

const coded = (id: string, codes: string, day: string | undefined = '2020-01-01') => ({
  id,
  code: { coding: codes.split(',').map((code) => ({ system: 's', code })) },
  ...(day ? { effectiveDateTime: day } : {}),
});
const named = (id: string, text: string) => ({ id, code: { text }, effectiveDateTime: '2020-01-01' });

function newest(max: number, observations: readonly { id: string }[]): string[] {
  const groups = new Newest(max);
  for (const one of observations) {
    const body = JSON.stringify({ resourceType: 'Observation', status: 'final', ...one });
    groups.add({ type: 'Observation', id: one.id, version: 1, updated: '', deleted: false, op: 'create', body });
  }
  return groups.all().map(({ id }) => id);
}

const later = (id: string, codes: string) => coded(id, codes, '2021-01-01');

describe('the newest of each code', () => {
  it.each([
    ['a', 'b', 'c', 3],
    ['a', 'b', 'a,c', 2],
    ['a', 'b', 'a,b', 1],
    ['a,b', 'b,c', 'c,d', 1],
  ])('codes %s, %s and %s are so many groups (the table of lastn)', (first, second, third, groups) => {
    for (const order of [0, 1, 2]) {
      const all = [coded('1', first, '2019-01-01'), coded('2', second, '2020-01-01'), later('3', third)];
      const turned = [...all.slice(order), ...all.slice(0, order)];
      expect(newest(1, turned)).toHaveLength(groups);
    }
  });

  it('texts are groups as they are written', () => {
    expect(newest(1, [named('1', 'textM'), named('2', 'Text'), named('3', 't e x t')])).toHaveLength(3);
  });

  it('gives both of a tie, also beyond max', () => {
    const all = ['1', '2', '3', '4'].map((id) => coded(id, 'a', `2020-01-0${Math.max(1, 4 - Number(id))}`));
    expect(newest(3, all)).toEqual(['1', '2', '3', '4']);
    expect(newest(2, all)).toEqual(['1', '2']);
  });

  it('is sorted from the newest to the oldest, what has no time last', () => {
    const all = [coded('old', 'a', '2019-01-01'), coded('none', 'b', ''), coded('new', 'c', '2022-01-01')];
    expect(newest(1, all)).toEqual(['new', 'old', 'none']);
  });
});
