/** https://hl7.org/fhir/R4/valueset-operation-validate-code.html https://hl7.org/fhir/R4/codesystem-operation-validate-code.html */
import type { CodeSystem } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { openTerminology } from '../../../../src/fhir/terminology/open-terminology.ts';
import type { ValidateAsked } from '../../../../src/fhir/terminology/terminology.ts';
import { animalSystem, animals, valueSet } from '../../../support/terminology.ts';

const terminology = await openTerminology({});
const set = valueSet('mammals', { system: animals, filter: [{ property: 'concept', op: 'is-a', value: 'mammal' }] });

const validate = (asked: ValidateAsked) =>
  terminology.validateCode({ ...asked, resources: [animalSystem, ...(asked.resources ?? [])] });
const inSet = (asked: ValidateAsked) => validate({ valueSet: set, ...asked });
const kinds = ({ issues }: Awaited<ReturnType<typeof validate>>) =>
  issues.map(({ severity, kind }) => `${severity} ${kind}`);

describe('a code in a value set', () => {
  it('is found with its display', async () =>
    expect(await inSet({ code: { system: animals, code: 'cow' } })).toMatchObject({
      result: true,
      display: 'Cow',
      system: animals,
      version: '2.0',
      issues: [],
    }));

  it('is found without its system when the value set tells it', async () =>
    expect(await inSet({ code: { code: 'cow' } })).toMatchObject({ result: true, system: animals }));

  it('is not found when it is another code of the system, and that is all that is wrong', async () => {
    const found = await inSet({ coding: { system: animals, code: 'hen' } });
    expect([found.result, kinds(found)]).toEqual([false, ['error not-in-vs']]);
    expect(found.issues[0]?.expression).toEqual(['Coding.code']);
  });

  it('is told from a code that does not exist', async () => {
    const found = await inSet({ coding: { system: animals, code: 'caw' } });
    expect([found.result, kinds(found)]).toEqual([false, ['error not-in-vs', 'error invalid-code']]);
    expect(found.message).toContain("Unknown code 'caw'");
  });

  it('cannot be judged when its system is not known', async () => {
    const other = valueSet('other', { system: 'http://example.org/unknown' });
    const found = await validate({ valueSet: other, coding: { system: 'http://example.org/unknown', code: 'x' } });
    expect(found).toMatchObject({ result: false, unknownSystems: ['http://example.org/unknown'] });
  });

  it('cannot be judged in a version that is not known; those that are known are named', async () => {
    const found = await validate({ coding: { system: animals, version: '9', code: 'cow' } });
    expect(found.message).toContain('Valid versions: 2.0');
    expect(found.unknownSystems).toEqual([`${animals}|9`]);
  });

  it.each([
    ['Cow', undefined, true],
    [' cow ', undefined, true],
    ['Vache', undefined, true],
    ['Vache', 'fr', true],
    ['Cow', 'fr', false],
    ['Bull', undefined, false],
  ])('with the display %j in %s: %s', async (display, displayLanguage, result) => {
    const asked = displayLanguage === undefined ? {} : { displayLanguage };
    const found = await inSet({ code: { system: animals, code: 'cow', display }, ...asked });
    expect(found.result).toBe(result);
    if (!result) expect(kinds(found)).toEqual(['error invalid-display']);
  });

  it('may have a wrong display when displays are to be taken leniently', async () => {
    const found = await inSet({ code: { system: animals, code: 'cow', display: 'Bull' }, lenientDisplay: true });
    expect([found.result, kinds(found)]).toEqual([true, ['warning invalid-display']]);
  });

  it('may be abstract unless abstract is false', async () => {
    expect((await inSet({ code: { system: animals, code: 'mammal' } })).result).toBe(true);
    const found = await inSet({ code: { system: animals, code: 'mammal' }, abstract: false });
    expect([found.result, kinds(found)]).toEqual([false, ['error code-rule']]);
  });

  it('may be inactive, which is said, unless only active ones count', async () => {
    const all = valueSet('all', { system: animals });
    const coding = { system: animals, code: 'dodo' };
    expect(await validate({ valueSet: all, coding })).toMatchObject({ result: true, inactive: true });
    expect((await validate({ valueSet: all, coding, activeOnly: true })).result).toBe(false);
  });
});

describe('a CodeableConcept in a value set', () => {
  const concept = (...codes: string[]) => ({
    codeableConcept: { coding: codes.map((code) => ({ system: animals, code })) },
  });

  it('is good when one coding is in, and the others exist', async () =>
    expect(await inSet(concept('hen', 'cow'))).toMatchObject({ result: true, code: 'cow' }));

  it('is bad when none is in', async () => {
    const found = await inSet(concept('hen', 'bird'));
    expect(kinds(found)[0]).toBe('error not-in-vs');
    expect(found.issues.map(({ expression }) => expression?.[0])).toContain('CodeableConcept.coding[1].code');
  });

  it('is bad when one of its codings does not exist', async () =>
    expect((await inSet(concept('cow', 'caw'))).result).toBe(false));
});

describe('codesystem.html: what a system accepts', () => {
  it('#caseSensitive: other case is another code, unless the system says that it is not', async () => {
    expect((await validate({ coding: { system: animals, code: 'COW' } })).result).toBe(false);
    const loose: CodeSystem = { ...animalSystem, url: 'http://example.org/loose', caseSensitive: false };
    const found = await validate({ coding: { system: 'http://example.org/loose', code: 'COW' }, resources: [loose] });
    expect([found.result, kinds(found)]).toEqual([true, ['information code-rule']]);
  });

  it.each(['fragment', 'example'] as const)('#content: of a %s an unknown code may be good', async (content) => {
    const part: CodeSystem = { ...animalSystem, url: 'http://example.org/part', content };
    const found = await validate({ coding: { system: 'http://example.org/part', code: 'goat' }, resources: [part] });
    expect([found.result, kinds(found)]).toEqual([true, ['warning invalid-code']]);
  });

  it('#content: of one that is not present nothing is known', async () => {
    const shell: CodeSystem = { ...animalSystem, url: 'http://example.org/shell', content: 'not-present' };
    const found = await validate({ coding: { system: 'http://example.org/shell', code: 'cow' }, resources: [shell] });
    expect(found).toMatchObject({ result: false, unknownSystems: ['http://example.org/shell'] });
  });

  it.each([
    ['urn:ietf:bcp:47', 'fr-CI', true],
    ['urn:ietf:bcp:47', 'zz', false],
    ['urn:ietf:bcp:47', 'french', false],
    ['urn:ietf:bcp:13', 'application/dicom+json; charset="utf-8"', true],
    ['urn:ietf:bcp:13', 'text', false],
    ['urn:iso:std:iso:3166', 'CI', true],
    ['urn:iso:std:iso:3166', 'CIV', true],
    ['urn:iso:std:iso:3166', '384', true],
    ['urn:iso:std:iso:3166', 'ci', false],
    ['urn:iso:std:iso:3166', 'ZZ', false],
    ['urn:iso:std:iso:3166:-2', 'CI-AB', true],
    ['urn:iso:std:iso:3166:-2', 'ZZ-AB', false],
    ['urn:iso:std:iso:4217', 'XOF', true],
    ['urn:iso:std:iso:4217', 'ZZZ', false],
    ['https://www.iana.org/time-zones', 'Africa/Abidjan', true],
    ['https://www.iana.org/time-zones', 'Mars/Olympus', false],
    ['urn:ietf:rfc:3986', 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520', true],
    ['urn:ietf:rfc:3986', 'no uri', false],
    ['http://unitsofmeasure.org', 'mm[Hg]', true],
    ['http://unitsofmeasure.org', 'mmHg', false],
  ])('knows %s by its rules: %s is %s', async (system, code, result) => {
    expect((await validate({ coding: { system, code } })).result).toBe(result);
  });

  it('names countries in French', async () =>
    expect(
      await validate({ coding: { system: 'urn:iso:std:iso:3166', code: 'DE' }, displayLanguage: 'fr' }),
    ).toMatchObject({
      display: 'Allemagne',
    }));

  it('finds units of a dimension by the filter of UCUM', async () => {
    const url = 'http://hl7.org/fhir/ValueSet/all-time-units';
    expect((await validate({ url, coding: { system: 'http://unitsofmeasure.org', code: 'wk' } })).result).toBe(true);
    expect((await validate({ url, coding: { system: 'http://unitsofmeasure.org', code: 'kg' } })).result).toBe(false);
  });
});
