/** FHIRPath: https://hl7.org/fhirpath/N1/, https://hl7.org/fhir/R4/fhirpath.html */
import { describe, expect, it } from 'vitest';
import { compile } from '../../../../src/fhir/fhirpath/compile.ts';

const patient = {
  resourceType: 'Patient',
  active: true,
  name: [
    { use: 'official', family: 'Durand', given: ['Anne', 'Marie'] },
    { use: 'nickname', given: ['Nana'] },
  ],
  _birthDate: { extension: [{ url: 'http://x', valueCode: 'unknown' }] },
  multipleBirthInteger: 2,
  contained: [{ resourceType: 'Organization', id: 'o', name: 'Hospital' }],
  managingOrganization: { reference: '#o' },
};

function evaluate(
  expression: string,
  resource: unknown = patient,
  types: readonly string[] | null = ['Patient'],
): unknown {
  return compile(expression, types).run([resource], { resource, root: resource });
}

const results: readonly (readonly [string, readonly unknown[]])[] = [
  // Paths
  ['Patient.name.given', ['Anne', 'Marie', 'Nana']],
  ['name.given', ['Anne', 'Marie', 'Nana']],
  ['Person.name', []],
  ['name[0].family', ['Durand']],
  ['name[5].family', []],
  ['multipleBirth', [2]],
  ['(multipleBirth as integer) + 1', [3]],
  ['multipleBirth.ofType(boolean)', []],
  ['birthDate.exists()', [true]],
  ['birthDate.hasValue()', [false]],
  ['birthDate.extension.value', ['unknown']],
  ["birthDate.extension('http://x').exists()", [true]],
  // Filters and subsets
  ["name.where(use = 'official').given.first()", ['Anne']],
  ["name.exists(use = 'old')", [false]],
  ['name.all(given.exists())', [true]],
  ['name.select(given.count())', [2, 1]],
  ['name.given.tail()', ['Marie', 'Nana']],
  ['name.given.skip(1).take(1)', ['Marie']],
  ['name.given.last()', ['Nana']],
  ['name.use.isDistinct()', [true]],
  ["name.given | 'Anne'", ['Anne', 'Marie', 'Nana']],
  ["name.given.combine('Anne').count()", [4]],
  ["name.given.intersect('Anne' | 'x')", ['Anne']],
  ["name.given.exclude('Anne')", ['Marie', 'Nana']],
  // Operators, three-valued logic
  ['true and {}', []],
  ['false and {}', [false]],
  ['true or {}', [true]],
  ['{} implies true', [true]],
  ['false implies {}', [true]],
  ['true xor false', [true]],
  ['name.family = name.period', []],
  ["name.given = 'Anne'", [false]],
  ["'a' in ('a' | 'b')", [true]],
  ["('a' | 'b') contains 'c'", [false]],
  ["'Anne ' ~ 'anne'", [true]],
  ['2 + 3 * 4 - 1', [13]],
  ['7 div 2 + 7 mod 2', [4]],
  ['1 / 0', []],
  ["'a' & {} & 'b'", ['ab']],
  ['-1 < 1 and 2 >= 2', [true]],
  ["'2020-01' <= '2020-01-15'", [true]],
  ["'2020-03' <= '2020-01-15'", [false]],
  // Strings
  ["'abc'.startsWith('ab') and 'abc'.endsWith('bc') and 'abc'.contains('b')", [true]],
  ["'abc'.substring(1)", ['bc']],
  ["'abc'.substring(1, 1)", ['b']],
  ["'abc'.length()", [3]],
  ["'a-b'.replace('-', '+').upper()", ['A+B']],
  ["'a1b22'.replaceMatches('[0-9]+', '')", ['ab']],
  ["'Ab_1'.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')", [true]],
  ["'12'.toInteger() + 1", [13]],
  ["'it\\'s \\u00e9'", ["it's é"]],
  // Types, references, the rest
  ['$this is Patient', [true]],
  ['active is Boolean', [true]],
  ['contained.is(Organization)', [true]],
  ['managingOrganization.resolve().name', ['Hospital']],
  ["iif(active, 'yes', 'no')", ['yes']],
  ['%resource.active', [true]],
  ["%ucum = 'http://unitsofmeasure.org'", [true]],
  ['name.all(%context.active)', [true]],
  ['name[0].children().count()', [4]],
  ["descendants().where($this = 'Hospital').exists()", [true]],
  ["name.given.trace('x').allTrue()", [false]],
];

describe('FHIRPath', () => {
  it.each(results)('%s', (expression, result) => expect(evaluate(expression)).toEqual(result));

  it('finds choices without knowing the type', () => {
    expect(evaluate('value.unit', { valueQuantity: { unit: 'kg' } }, null)).toEqual(['kg']);
    expect(evaluate('code.exists()', { codeFilter: [{}] }, null)).toEqual([false]);
  });

  it.each([
    'name.',
    'name(',
    'name)',
    "'open",
    'a b',
    'name.where(',
    '1 +',
    '#',
    'frobnicate()',
    'name.nope()',
    '%nope',
    'a is',
    '[0]',
    `${'('.repeat(200)}1${')'.repeat(200)}`,
  ])('refuses %s', (expression) => expect(() => compile(expression, ['Patient'])).toThrow(SyntaxError));
});
