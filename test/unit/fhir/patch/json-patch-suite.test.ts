// The public test suite of JSON Patch, with appendix A of RFC 6902: https://github.com/json-patch/json-patch-tests
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyJsonPatch, parseJsonPatch } from '../../../../src/fhir/patch/json-patch.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

interface Case {
  readonly comment?: string;
  readonly doc?: unknown;
  readonly patch?: unknown;
  readonly expected?: unknown;
  readonly error?: string;
  readonly disabled?: boolean;
}

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('json-patch-test-suite/package.json'));
const cases = (file: string) =>
  (JSON.parse(readFileSync(join(folder, file), 'utf8')) as readonly Case[])
    .filter(({ doc, patch, disabled }) => doc !== undefined && patch !== undefined && !disabled)
    .map((one) => ({ ...one, title: one.comment ?? JSON.stringify(one.patch) }));

/** FHIR's JSON has no empty objects and arrays (https://hl7.org/fhir/R4/json.html): what is left empty is gone. */
const withoutEmpty = new Map([
  ['{"foo":1,"baz":[{}]}', { foo: 1 }],
  ['{"baz":[{},"hello"],"bar":1}', { baz: ['hello'], bar: 1 }],
]);

function run({ doc, patch }: Case): unknown {
  return JSON.parse(applyJsonPatch(JSON.stringify(doc), 'Basic', parseJsonPatch(JSON.stringify(patch))));
}

describe.each(['tests.json', 'spec_tests.json'])('%s', (file) => {
  const all = cases(file);

  it.each(all.filter(({ error }) => error === undefined))('applies $title', (one) => {
    const expected = withoutEmpty.get(JSON.stringify(one.expected)) ?? one.expected;
    const result = run(one);
    if (expected !== undefined) expect(result).toEqual(expected);
  });

  it.each(all.filter(({ error }) => error !== undefined))('refuses $title: $error', (one) => {
    expect(() => run(one)).toThrow(FhirError);
  });
});

describe('what the suite says since its last release', () => {
  it.each([
    [
      'a position that is written as a number with exponent',
      { a: [1, 2] },
      { op: 'replace', path: '/a/1e0', value: 3 },
    ],
    ['a position with a sign', { a: [1] }, { op: 'add', path: '/a/-1', value: 3 }],
    ['a position with a leading zero', { a: [1, 2] }, { op: 'remove', path: '/a/01' }],
    ['the place behind the last for what has to be there', { a: [1] }, { op: 'replace', path: '/a/-', value: 3 }],
    ['a removal of the place behind the last', { a: [1] }, { op: 'remove', path: '/a/-' }],
    ['a member of a number', { a: 1 }, { op: 'add', path: '/a/b', value: 3 }],
    ['a path without its slash', { a: 1 }, { op: 'remove', path: 'a' }],
    ['an operation without op', { a: 1 }, { path: '/a', value: 1 }],
    ['a copy without from', { a: 1 }, { op: 'copy', path: '/b' }],
    ['a test of a missing member for null', { a: 1 }, { op: 'test', path: '/b', value: null }],
  ])('refuses %s', (_, doc, operation) => {
    expect(() => run({ doc, patch: [operation] })).toThrow(FhirError);
  });

  it('takes __proto__ and constructor as names like any other', () => {
    const patch = JSON.parse(
      '[{"op":"add","path":"/__proto__","value":{"x":1}},{"op":"add","path":"/constructor","value":2}]',
    );
    const text = applyJsonPatch('{"a":1}', 'Basic', parseJsonPatch(JSON.stringify(patch)));
    expect(text).toBe('{"a":1,"__proto__":{"x":1},"constructor":2}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
