// https://www.rfc-editor.org/rfc/rfc8259, https://hl7.org/fhir/R4/json.html
import { describe, expect, it } from 'vitest';
import { checkJson, maxDepth } from '../../../../src/fhir/json/check.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

function problem(text: string): string {
  try {
    checkJson(text);
  } catch (error) {
    if (error instanceof FhirError) return `${error.kind} ${error.issues[0]?.diagnostics}`;
    throw error;
  }
  return 'none';
}

describe('strict JSON', () => {
  const good = [
    '{}',
    '[]',
    ' {"a" : [1, -0, 1.10, 1e-7, 1E+2, true, false, null, "x\\n\\u00e9\\ud83d\\ude00\\/"], "b":{"a":""}} \n',
    '{"a":"\u{1f600}é"}',
    `{"${'a":1,"'.split('').join('')}z":1}`,
  ];
  for (const text of good) it(`accepts ${JSON.stringify(text)}`, () => expect(problem(text)).toBe('none'));

  const bad: [text: string, said: string][] = [
    ['', 'it ends where a value should be at line 1, column 1 (offset 0)'],
    ['{"a":1,}', '"}" where a name in double quotes should be at line 1, column 8 (offset 7)'],
    ['{\n  "a": 1\n  "b": 2}', '"\\"" where "," or "}" should be at line 3, column 3 (offset 13)'],
    ['[1 2]', '"2" where "," or "]" should be'],
    ['{"a" 1}', '"1" where ":" should be'],
    ["{'a':1}", '"\'" where a name in double quotes should be'],
    ['{"a":1} x', '"x" where the end of the text should be'],
    ['{"a":NaN}', '"N" where a value should be'],
    ['[-Infinity]', '"-" where a value should be'],
    ['[01]', '"1" where the end of a value should be'],
    ['[+1]', '"+" where a value should be'],
    ['[1.]', '"." where the end of a value should be'],
    ['[.5]', '"." where a value should be'],
    ['[1e999]', 'a number out of range'],
    ['[truex]', '"x" where the end of a value should be'],
    ['{"a":"x', 'a string without an end begins at line 1, column 6'],
    ['{"a":"x\ny"}', 'a control character that is not escaped'],
    ['["\\x"]', 'an unknown escape'],
    ['["\\u12g4"]', 'an escape that is not \\u and four hexadecimal digits'],
    ['["a\\ud83d"]', 'half of a surrogate pair at line 1, column 4'],
    ['["\\ude00"]', 'half of a surrogate pair'],
    ['["\\ud83d\\u0041"]', 'half of a surrogate pair'],
    ['["\\u0000"]', 'the character U+0000'],
    ['{"a":1,"b":2,"a":3}', 'the name "a" again at line 1, column 14'],
    ['{"a":{"b":1,"\\u0062":2}}', 'the name "b" again'],
  ];
  for (const [text, said] of bad) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(problem(text)).toContain(`invalid Malformed JSON: ${said}`));
  }

  it('finds a name again among very many', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `"n${index}":1`);
    expect(problem(`{${names.join(',')}}`)).toBe('none');
    expect(problem(`{${names.join(',')},"n17":1}`)).toContain('the name "n17" again');
  });

  it('refuses deep nesting without using the stack up', () => {
    expect(problem('['.repeat(maxDepth) + ']'.repeat(maxDepth))).toBe('none');
    expect(problem('['.repeat(maxDepth + 1) + ']'.repeat(maxDepth + 1))).toContain('more than 64 levels of nesting');
    expect(problem('{"a":'.repeat(100_000))).toContain('more than 64 levels of nesting');
  });

  it('agrees with JSON.parse on cut and altered texts', () => {
    const text = '{"a":[1.50,{"b":"c\\"\\u00e9"}],"d":{"e":null,"f":-1e-5},"g":true}';
    const accepts = (candidate: string) => {
      try {
        JSON.parse(candidate);
        return true;
      } catch {
        return false;
      }
    };
    for (let at = 0; at < text.length; at += 1) {
      for (const middle of ['', '"', ',', '}', '0', '\\', ' ', 'E']) {
        for (const skip of [0, 1]) {
          const candidate = text.slice(0, at) + middle + text.slice(at + skip);
          expect([candidate, problem(candidate) === 'none']).toEqual([candidate, accepts(candidate)]);
        }
      }
    }
  });
});
