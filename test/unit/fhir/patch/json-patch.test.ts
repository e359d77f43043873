// https://www.rfc-editor.org/rfc/rfc6902
import { describe, expect, it } from 'vitest';
import { applyJsonPatch, parseJsonPatch } from '../../../../src/fhir/patch/json-patch.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

const patchText = (text: string, ...operations: object[]) =>
  applyJsonPatch(text, 'Patient', parseJsonPatch(JSON.stringify(operations)));
const patch = (resource: object, ...operations: object[]) =>
  JSON.parse(patchText(JSON.stringify(resource), ...operations)) as unknown;

function failure(run: () => unknown): FhirError {
  try {
    run();
  } catch (error) {
    if (error instanceof FhirError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('JSON Patch', () => {
  it('keeps every byte of what it does not touch', () => {
    const text = '{"b": 1.10, "a" :[ 1.0,2],"c":{"x" : 5e2}}';
    expect(patchText(text, { op: 'add', path: '/c/y', value: true })).toBe(
      '{"b":1.10,"a":[ 1.0,2],"c":{"x":5e2,"y":true}}',
    );
    expect(patchText(text)).toBe(text);
    expect(patchText(text, { op: 'test', path: '/b', value: 1.1 })).toBe(text);
  });

  it('keeps the digits of the values that it brings', () => {
    const operations = parseJsonPatch('[{"op":"add","path":"/v","value":{"value":2.500}}]');
    expect(applyJsonPatch('{"a":1}', 'Patient', operations)).toBe('{"a":1,"v":{"value":2.500}}');
  });

  it.each<[string, object, object, object]>([
    ['A.1 adds a member', { foo: 'bar' }, { op: 'add', path: '/baz', value: 'qux' }, { foo: 'bar', baz: 'qux' }],
    [
      'A.2 adds an item',
      { foo: ['bar', 'baz'] },
      { op: 'add', path: '/foo/1', value: 'qux' },
      { foo: ['bar', 'qux', 'baz'] },
    ],
    ['A.3 removes a member', { baz: 'qux', foo: 'bar' }, { op: 'remove', path: '/baz' }, { foo: 'bar' }],
    ['A.4 removes an item', { foo: ['bar', 'qux', 'baz'] }, { op: 'remove', path: '/foo/1' }, { foo: ['bar', 'baz'] }],
    [
      'A.5 replaces',
      { baz: 'qux', foo: 'bar' },
      { op: 'replace', path: '/baz', value: 'boo' },
      { baz: 'boo', foo: 'bar' },
    ],
    [
      'A.6 moves a member',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      { op: 'move', from: '/foo/waldo', path: '/qux/thud' },
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'A.7 moves an item',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      { op: 'move', from: '/foo/1', path: '/foo/3' },
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.10 adds a nested object',
      { foo: 'bar' },
      { op: 'add', path: '/child', value: { g: {}, x: 1 } },
      { foo: 'bar', child: { g: {}, x: 1 } },
    ],
    [
      'A.11 ignores members that it does not know',
      { foo: 'bar' },
      { op: 'add', path: '/baz', value: 'qux', xyz: 123 },
      { foo: 'bar', baz: 'qux' },
    ],
    [
      'A.16 adds an array to the end',
      { foo: ['bar'] },
      { op: 'add', path: '/foo/-', value: ['abc'] },
      { foo: ['bar', ['abc']] },
    ],
    ['4.1 replaces a member that is there', { foo: 1 }, { op: 'add', path: '/foo', value: 2 }, { foo: 2 }],
    ['4.5 copies', { foo: { a: 1 } }, { op: 'copy', from: '/foo', path: '/bar' }, { foo: { a: 1 }, bar: { a: 1 } }],
    ['escapes: ~0 is ~, ~1 is /', { '/': 1, '~1': 2 }, { op: 'replace', path: '/~01', value: 3 }, { '/': 1, '~1': 3 }],
    ['an emptied list is no list', { foo: ['bar'], a: 1 }, { op: 'remove', path: '/foo/0' }, { a: 1 }],
  ])('%s', (_, before, operation, after) => {
    expect(patch(before, operation)).toEqual(after);
  });

  it.each<[string, unknown]>([
    ['numbers by value', { op: 'test', path: '/n', value: 1.1 }],
    ['objects in any order', { op: 'test', path: '/o', value: { b: 2, a: 1 } }],
    ['strings', { op: 'test', path: '/s', value: 'x' }],
    ['null', { op: 'test', path: '/z', value: null }],
  ])('4.6 tests %s', (_, operation) => {
    const text = '{"n":1.10,"o":{"a":1,"b":2},"s":"\\u0078","z":null}';
    expect(patchText(text, operation as object)).toBe(text);
  });

  it.each<[string, object]>([
    ['a test that fails', { op: 'test', path: '/name/0/family', value: 'x' }],
    ['a test of another type', { op: 'test', path: '/active', value: 'true' }],
    ['a remove of nothing', { op: 'remove', path: '/birthDate' }],
    ['a replace of nothing', { op: 'replace', path: '/birthDate', value: 'x' }],
    ['an add into nothing', { op: 'add', path: '/a/b', value: 1 }],
    ['an add behind the end', { op: 'add', path: '/name/2', value: {} }],
    ['an add at -1', { op: 'add', path: '/name/-1', value: {} }],
    ['an add at 01', { op: 'add', path: '/name/01', value: {} }],
    ['a move from nothing', { op: 'move', from: '/x', path: '/y' }],
    ['a remove of -', { op: 'remove', path: '/name/-' }],
    ['a remove of everything', { op: 'remove', path: '' }],
  ])('answers 422 to %s', (_, operation) => {
    const before = { resourceType: 'Patient', active: true, name: [{ family: 'a' }] };
    expect(failure(() => patch(before, operation)).status).toBe(422);
  });

  it('says with a FHIRPath where a test failed', () => {
    const before = { resourceType: 'Patient', name: [{ family: 'a' }] };
    const { issues } = failure(() => patch(before, { op: 'test', path: '/name/0/family', value: 'x' }));
    expect(issues[0]?.expression).toEqual(['Patient.name[0].family']);
  });

  it.each<[string, unknown]>([
    ['no array', { op: 'remove', path: '/a' }],
    ['an unknown op', [{ op: 'delete', path: '/a' }]],
    ['no path', [{ op: 'remove' }]],
    ['a path that is no pointer', [{ op: 'remove', path: 'a' }]],
    ['a bare ~', [{ op: 'remove', path: '/a~b' }]],
    ['no value', [{ op: 'add', path: '/a' }]],
    ['no from', [{ op: 'move', path: '/a' }]],
    ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b' }]],
  ])('answers 400 to %s', (_, document) => {
    expect(failure(() => parseJsonPatch(JSON.stringify(document))).status).toBe(400);
  });

  it('does not let copies of copies grow without end', () => {
    const copies = Array.from({ length: 100 }, () => ({ op: 'copy', from: '/a', path: '/a/-' }));
    expect([413, 422]).toContain(failure(() => patch({ a: ['x'] }, ...copies)).status);
  });
});
