/**
 * What HL7's terminology ecosystem asks of a server, by animals of our own:
 * https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/
 */
import type { CodeableConcept, CodeSystem, Coding, ValueSet } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenTerminology, openTerminology } from '../../src/fhir/terminology/open-terminology.ts';
import type { ExpandAsked, ValidateAsked } from '../../src/fhir/terminology/terminology.ts';
import { animalSystem, animals, valueSet } from '../support/terminology.ts';

const standing = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status';
const all = valueSet('all', { system: animals });
const supplement: CodeSystem = {
  resourceType: 'CodeSystem',
  url: 'http://example.org/CodeSystem/more-animals',
  status: 'active',
  content: 'supplement',
  supplements: animals,
};
const loose: CodeSystem = {
  resourceType: 'CodeSystem',
  url: 'http://example.org/CodeSystem/loose',
  version: '1',
  status: 'draft',
  experimental: true,
  caseSensitive: false,
  content: 'complete',
  concept: [{ code: 'Ox', display: 'Ox' }],
};
const withdrawn: ValueSet = {
  ...valueSet('withdrawn', { system: 'http://example.org/CodeSystem/loose' }),
  extension: [{ url: standing, valueCode: 'withdrawn' }],
};
const french: ValueSet = { ...valueSet('french', { system: animals }), language: 'fr' };
const living: ValueSet = {
  ...valueSet('living'),
  compose: { inactive: false, include: [{ system: animals }] },
};
const importing = valueSet('importing', { valueSet: ['http://example.org/ValueSet/nowhere'] });
const resources = [animalSystem, supplement, loose, all, withdrawn, french, living, importing];
const urlOf = ({ url = '' }: ValueSet) => url;

let terminology: OpenTerminology;
beforeAll(async () => {
  terminology = await openTerminology({});
});
afterAll(() => terminology.close());

async function judge(asked: ValidateAsked) {
  const { issues, ...rest } = await terminology.validateCode({ resources, ...asked });
  const said = issues.map(({ severity, kind, expression }) => `${severity} ${kind} ${expression?.[0] ?? ''}`.trim());
  return { ...rest, said, texts: issues.map(({ diagnostics }) => diagnostics) };
}
const coding = (code: string, more: Partial<Coding> = {}): Coding => ({ system: animals, code, ...more });

describe('validate-code: Coding.system', () => {
  it.each<readonly [claim: string, coding: Coding, said: readonly string[]]>([
    [
      'is no supplement',
      { system: supplement.url ?? '', code: 'cow' },
      ['error not-in-vs Coding.code', 'error invalid-data Coding.system'],
    ],
    [
      'is no value set',
      { system: urlOf(all), code: 'cow' },
      ['error not-in-vs Coding.code', 'error invalid-data Coding.system'],
    ],
    [
      'is absolute',
      { system: 'animals', code: 'cow' },
      ['error not-in-vs Coding.code', 'error invalid-data Coding.system', 'error not-found Coding.system'],
    ],
    ['is there', { code: 'cow' }, ['error not-in-vs Coding.code', 'warning invalid-data Coding']],
    [
      'is known',
      { system: 'http://example.org/x', code: 'cow' },
      ['error not-in-vs Coding.code', 'error not-found Coding.system'],
    ],
  ])('%s', async (_, given, said) => {
    const { result, said: found } = await judge({ url: urlOf(all), coding: given });
    expect([result, found]).toEqual([false, said]);
  });

  it('is inferred for a code alone', async () => {
    expect(await judge({ url: urlOf(all), code: { code: 'cow' } })).toMatchObject({ result: true, system: animals });
  });
});

describe('validate-code: displays', () => {
  it('names the right ones with their languages', async () => {
    const { texts } = await judge({ url: urlOf(all), coding: coding('cow', { display: 'Bull' }) });
    expect(texts[0]).toContain("one of 3 choices: 'Cow' (en), 'Vache' (fr) or 'Kuh' (de) (for the language(s) '--')");
  });

  it('says that there is none in the language asked for', async () => {
    const asked = { url: urlOf(all), displayLanguage: 'nl' };
    const wrong = await judge({ ...asked, coding: coding('cow', { display: 'Bull' }) });
    expect(wrong.texts[0]).toContain("no valid display names found for language(s) 'nl'. Default display is 'Cow'");
    expect(await judge({ ...asked, coding: coding('cow', { display: 'Cow' }) })).toMatchObject({
      result: true,
      said: ['information display-comment Coding.display'],
    });
  });

  it('are those of the value set’s language when nobody asks for another', async () => {
    expect(await judge({ url: urlOf(french), coding: coding('cow', { display: 'Cow' }) })).toMatchObject({
      result: false,
      display: 'Vache',
      said: ['error invalid-display Coding.display'],
    });
  });

  it('that are wrong leave the coding of a concept the one that was found', async () => {
    const codeableConcept: CodeableConcept = { coding: [coding('cow', { display: 'Bull' })] };
    expect(await judge({ url: urlOf(all), codeableConcept })).toMatchObject({
      result: false,
      code: 'cow',
      said: ['error invalid-display CodeableConcept.coding[0].display'],
    });
  });
});

describe('validate-code: what else there is to say', () => {
  it('an inactive code that the value set leaves out is valid but not active', async () => {
    expect((await judge({ url: urlOf(living), coding: coding('dodo') })).said).toEqual([
      'error not-in-vs Coding.code',
      'error code-rule Coding.code',
    ]);
    expect((await judge({ url: urlOf(all), coding: coding('dodo'), activeOnly: true })).said).toEqual([
      'error not-in-vs Coding.code',
      'error code-rule Coding.code',
    ]);
  });

  it('a code in another case has a normal form', async () => {
    const found = await judge({ url: urlOf(withdrawn), coding: { system: loose.url ?? '', code: 'OX' } });
    expect(found).toMatchObject({ result: true, normalizedCode: 'Ox' });
    expect(found.texts[0]).toContain(`'${loose.url}|1' is case insensitive`);
  });

  it('withdrawn, deprecated, experimental and draft definitions are remarked upon', async () => {
    const found = await judge({ url: urlOf(withdrawn), coding: { system: loose.url ?? '', code: 'Ox' } });
    expect([found.result, found.message, found.texts]).toEqual([
      true,
      undefined,
      [
        'Reference to withdrawn ValueSet http://example.org/ValueSet/withdrawn|1.0',
        `Reference to experimental CodeSystem ${loose.url}|1`,
      ],
    ]);
  });

  it('a value set that includes one that is not known judges nothing', async () => {
    expect(await judge({ url: urlOf(importing), coding: coding('cow') })).toMatchObject({
      result: false,
      said: ['error not-found', 'warning vs-invalid'],
    });
  });

  it('an unknown version is not a wrong code', async () => {
    const codeableConcept: CodeableConcept = { coding: [coding('cow', { version: '9' })] };
    expect((await judge({ url: urlOf(all), codeableConcept })).said).toEqual([
      'error not-found CodeableConcept.coding[0].system',
      'warning vs-invalid',
    ]);
  });
});

describe('expand', () => {
  const expand = (asked: ExpandAsked) => terminology.expand({ resources, excludeNested: true, ...asked });

  it('has the definition of the value set where includeDefinition says so', async () => {
    expect((await expand({ url: urlOf(all) })).compose).toBeUndefined();
    expect((await expand({ url: urlOf(all), includeDefinition: true })).compose).toEqual(all.compose);
  });

  it('shows no other language than those named with *;q=0', async () => {
    const shown = async (displayLanguage: string) =>
      (await expand({ url: urlOf(all), displayLanguage })).expansion?.contains
        ?.slice(1, 4)
        .map(({ display }) => display);
    expect(await shown('fr')).toEqual(['Vache', 'Veau', 'Pig']);
    expect(await shown('fr,*;q=0')).toEqual(['Vache', 'Veau', undefined]);
  });

  it('warns of what should not be relied on', async () => {
    const { expansion } = await expand({ url: urlOf(withdrawn) });
    const warnings = expansion?.parameter?.filter(({ name }) => name?.startsWith('warning'));
    expect(warnings).toEqual([
      { name: 'warning-withdrawn', valueUri: 'http://example.org/ValueSet/withdrawn|1.0' },
      { name: 'warning-experimental', valueUri: `${loose.url}|1` },
    ]);
  });
});

describe('lookup', () => {
  it('has the display among the designations and the definition among the properties', async () => {
    const found = await terminology.lookup({ resources, system: animals, code: 'mammal' });
    const parts = found.map(({ name, part = [] }) => [
      name,
      ...part.map((one) => one.valueCode ?? one.valueString ?? one.valueCoding?.code),
    ]);
    expect(parts).toContainEqual(['designation', 'en', 'display', 'Mammal']);
    expect(parts).toContainEqual(['property', 'definition', 'Has hair and gives milk.']);
  });
});
