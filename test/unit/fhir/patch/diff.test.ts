// https://hl7.org/fhir/R4/fhirpatch.html: what $diff says makes one resource of the other when it is applied
import { readdirSync, readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { parseText } from '../../../../src/fhir/json/body.ts';
import { parseTree } from '../../../../src/fhir/json/tree.ts';
import { diffParts } from '../../../../src/fhir/patch/diff.ts';
import { applyFhirPathPatch } from '../../../../src/fhir/patch/fhirpath-patch.ts';

const folder = 'node_modules/hl7.fhir.r4.examples';

function patchText(from: string, to: string, type: string): string {
  const operations = diffParts(parseTree(from), parseTree(to), type).map(
    (parts) => `{"name":"operation","part":[${parts.join(',')}]}`,
  );
  return `{"resourceType":"Parameters","parameter":[${operations.join(',')}]}`;
}

const told = (from: object, to: object) => {
  const text = patchText(JSON.stringify(from), JSON.stringify(to), 'Patient');
  return (JSON.parse(text) as { parameter: { part: Record<string, unknown>[] }[] }).parameter.map(({ part }) =>
    Object.fromEntries(part.map(({ name, ...value }) => [name, Object.values(value)[0]])),
  );
};

const patient = {
  resourceType: 'Patient',
  id: '1',
  active: true,
  name: [{ family: 'A' }, { family: 'B' }, { family: 'C' }],
};

describe('the differences', () => {
  it('are none between a resource and itself', () => expect(told(patient, patient)).toEqual([]));

  it('are told element by element', () => {
    const { active, ...rest } = patient;
    expect(told(patient, rest)).toEqual([{ type: 'delete', path: 'Patient.active' }]);
    expect(told(rest, patient)).toEqual([{ type: 'add', path: 'Patient', name: 'active', value: true }]);
    expect(told(patient, { ...patient, active: false })).toEqual([
      { type: 'replace', path: 'Patient.active', value: false },
    ]);
  });

  it('of lists are told by place', () => {
    const [a, b, c] = patient.name;
    expect(told(patient, { ...patient, name: [a, c] })).toEqual([{ type: 'delete', path: 'Patient.name[1]' }]);
    expect(told(patient, { ...patient, name: [a, { family: 'X' }, b, c] })).toEqual([
      { type: 'insert', path: 'Patient.name', index: 1, value: { family: 'X' } },
    ]);
    expect(told(patient, { ...patient, name: [a, { family: 'X' }, c] })).toEqual([
      { type: 'replace', path: 'Patient.name[1].family', value: 'X' },
    ]);
    expect(told(patient, { ...patient, name: [a, b, c, { family: 'X' }] })).toEqual([
      { type: 'add', path: 'Patient', name: 'name', value: { family: 'X' } },
    ]);
  });

  it('of a choice replace one type by another', () => {
    const to = { ...patient, deceasedBoolean: true };
    expect(told({ ...patient, deceasedDateTime: '2020' }, to)).toEqual([
      { type: 'replace', path: 'Patient.deceased', value: true },
    ]);
  });
});

interface Pair {
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

/** Neighbours in the list of examples, as long as they are of one type and not huge. */
function* pairs(): Generator<Pair> {
  const names = readdirSync(folder).filter((name) => /^[A-Z]\w+-.*json$/.test(name));
  const seen = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    const type = name.slice(0, name.indexOf('-'));
    const before = names[at - 1] ?? '';
    const count = seen.get(type) ?? 0;
    if (!before.startsWith(`${type}-`) || count === 3) continue;
    const [from, to] = [before, name].map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
    if (!from || !to || from.length + to.length > 60_000) continue;
    seen.set(type, count + 1);
    yield { type, from, to };
  }
}

const withoutMeta = (text: string): object => {
  const { meta: _, ...rest } = JSON.parse(text) as Resource;
  return rest;
};

describe('applied to an official example', () => {
  it('they make another one of its type of it', () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const { type, from, to } of pairs()) {
      const patch = patchText(from, to, type);
      tried += 1;
      try {
        expect(withoutMeta(applyFhirPathPatch(from, type, parseText(patch)))).toEqual(withoutMeta(to));
      } catch (error) {
        wrong.push(`${type}: ${String(error).slice(0, 300)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(100);
  });
});
