// https://hl7.org/fhir/R4/search_filter.html
import { describe, expect, it } from 'vitest';
import { type Filter, operators, parseFilter } from '../../../../../src/fhir/search/filter/parse.ts';

/** The tree in parentheses, so that its shape shows. */
function shape(filter: Filter): string {
  if (filter.kind === 'not') return `!${shape(filter.of)}`;
  if (filter.kind !== 'test') return `(${shape(filter.left)} ${filter.kind} ${shape(filter.right)})`;
  const path = filter.path.map((step) => (step.filter ? `${step.code}[${shape(step.filter)}]` : step.code)).join('.');
  return `${path} ${filter.operator} ${filter.quoted ? JSON.stringify(filter.value) : filter.value}`;
}

describe('the grammar of _filter (search_filter.html)', () => {
  it.each([
    ['name co "pet"', 'name co "pet"'],
    ['given eq "peter" and birthdate ge 2014-10-10', '(given eq "peter" and birthdate ge 2014-10-10)'],
    ['code eq http://loinc.org|1234-5', 'code eq http://loinc.org|1234-5'],
    ['subject.name co "pet"', 'subject.name co "pet"'],
    ['related[type eq "has-component"].target pr true', 'related[type eq "has-component"].target pr true'],
    [
      'related[type eq has-component].target re Observation/4',
      'related[type eq has-component].target re Observation/4',
    ],
    // and and or bind alike, from left to right
    ['a eq 1 or b eq 2 and c eq 3', '((a eq 1 or b eq 2) and c eq 3)'],
    ['a eq 1 or (b eq 2 and c eq 3)', '(a eq 1 or (b eq 2 and c eq 3))'],
    ['not (a eq 1) and b eq 2', '(!a eq 1 and b eq 2)'],
    ['not(a eq 1 or not (b eq 2))', '!(a eq 1 or !b eq 2)'],
    ['((a eq 1))', 'a eq 1'],
    ['  a   eq\t"x y"  ', 'a eq "x y"'],
    ['a eq "x ) ] \\" and \\u00e9"', 'a eq "x ) ] \\" and é"'],
    ['(a eq x)and(b eq y)', '(a eq x and b eq y)'],
    ['_id eq 1 and part-of pr false', '(_id eq 1 and part-of pr false)'],
    ['android eq 1', 'android eq 1'],
  ])('%s', (text, expected) => expect(shape(parseFilter(text))).toBe(expected));

  it.each(operators)('has the operator %s', (operator) => {
    expect(parseFilter(`a ${operator} b`)).toMatchObject({ kind: 'test', operator });
  });

  it.each([
    '',
    '   ',
    'a',
    'a eq',
    'a eq ',
    'a xx b',
    'eq b',
    'a eq b c',
    '(a eq b',
    'a eq b)',
    'a eq b and',
    'a eq b xor c eq d',
    'and a eq b',
    'not a eq b',
    'a[b eq c] eq d',
    'a[b eq c.d eq e',
    'a..b eq c',
    'a. eq c',
    'a eq "b',
    'a eq "\\x"',
    '1a eq b',
    "a'; DROP TABLE resource; -- eq b",
    'a eq b\0 c',
  ])('refuses %s and says where', (text) => {
    expect(() => parseFilter(text)).toThrow(/^Search parameter _filter: .* at character \d+\.$/);
  });

  it('has limits on length, depth, tests and steps, and is quick about them', () => {
    expect(() => parseFilter(`a eq ${'x'.repeat(20_000)}`)).toThrow('longer');
    expect(() => parseFilter(`${'('.repeat(50)}a eq b${')'.repeat(50)}`)).toThrow('deeper');
    expect(() => parseFilter(`${'not('.repeat(50)}a eq b${')'.repeat(50)}`)).toThrow('deeper');
    expect(() => parseFilter(`${'a['.repeat(30)}a eq b`)).toThrow('deeper');
    expect(() => parseFilter(new Array(101).fill('a eq b').join(' and '))).toThrow('tests');
    expect(() => parseFilter(`${new Array(20).fill('a').join('.')} eq b`)).toThrow('steps');
  });
});
