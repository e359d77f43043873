/** https://hl7.org/fhir/R4/codesystem-operation-lookup.html and its neighbours $subsumes and $translate */
import type { Coding, ConceptMap } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { openTerminology } from '../../../../src/fhir/terminology/open-terminology.ts';
import type { TranslateAsked } from '../../../../src/fhir/terminology/terminology.ts';
import { animalSystem, animals, soundMap } from '../../../support/terminology.ts';

const terminology = await openTerminology({});
const resources = [animalSystem];

const found = await terminology.lookup({ system: animals, code: 'cow', resources });

describe('$lookup', () => {
  const propertiesOf = (out: typeof found) =>
    out
      .filter(({ name }) => name === 'property')
      .map(({ part = [] }) => part.slice(0, 2).map((one) => Object.values(one)[1]));

  it('gives the name of the system, its version and the display', () =>
    expect(found.slice(0, 3)).toEqual([
      { name: 'name', valueString: 'Animals' },
      { name: 'version', valueString: '2.0' },
      { name: 'display', valueString: 'Cow' },
    ]));

  it('gives designations with their language', () =>
    expect(found).toContainEqual({
      name: 'designation',
      part: [
        { name: 'language', valueCode: 'fr' },
        { name: 'value', valueString: 'Vache' },
      ],
    }));

  it('gives parent, child, inactive and the properties with their types', () =>
    expect(propertiesOf(found)).toEqual([
      ['inactive', false],
      ['parent', 'mammal'],
      ['child', 'calf'],
      ['legs', 4],
      ['diet', 'grass'],
    ]));

  it('gives only the properties that are asked for', async () =>
    expect(
      propertiesOf(await terminology.lookup({ system: animals, code: 'cow', properties: ['legs'], resources })),
    ).toEqual([['legs', 4]]));

  it('speaks the language that is asked for', async () =>
    expect(await terminology.lookup({ system: animals, code: 'cow', displayLanguage: 'fr', resources })).toContainEqual(
      {
        name: 'display',
        valueString: 'Vache',
      },
    ));

  it.each([
    [animals, 'caw', undefined],
    [animals, 'cow', '9'],
    ['http://example.org/none', 'cow', undefined],
  ])('answers not-found for %s %s %s', async (system, code, version) => {
    const asked = { system, code, resources, ...(version === undefined ? {} : { version }) };
    await expect(terminology.lookup(asked)).rejects.toMatchObject({ kind: 'notFound' });
  });
});

describe('$subsumes', () => {
  it.each([
    ['cow', 'cow', 'equivalent'],
    ['mammal', 'calf', 'subsumes'],
    ['calf', 'mammal', 'subsumed-by'],
    ['mammal', 'platypus', 'subsumes'],
    ['cow', 'pig', 'not-subsumed'],
  ])('%s and %s: %s', async (codeA, codeB, outcome) => {
    expect(await terminology.subsumes({ system: animals, codeA, codeB, resources })).toBe(outcome);
  });
});

describe('$translate', () => {
  const translate = (coding: Coding, rest: Partial<TranslateAsked> = {}) =>
    terminology.translate({ codings: [coding], conceptMap: soundMap, resources, ...rest });
  const sounds = 'http://example.org/CodeSystem/sounds';

  it('gives the targets with their equivalence and the map that they are from', async () =>
    expect(await translate({ system: animals, code: 'cow' })).toEqual({
      result: true,
      matches: [
        {
          equivalence: 'equivalent',
          concept: { system: sounds, code: 'moo', display: 'Moo' },
          source: soundMap.url,
        },
      ],
    }));

  it('says that there is no translation when the only target is unmatched', async () =>
    expect((await translate({ system: animals, code: 'platypus' })).result).toBe(false));

  it('gives targets that depend on something only when that is given, and their products', async () => {
    expect((await translate({ system: animals, code: 'hen' })).matches[0]?.concept.code).toBe('silence');
    const concept = { coding: [{ system: 'http://example.org/moods', code: 'calm' }] };
    const { matches } = await translate(
      { system: animals, code: 'hen' },
      { dependencies: [{ element: 'http://example.org/mood', concept }] },
    );
    expect(matches).toMatchObject([
      { concept: { code: 'cluck' }, product: [{ element: 'http://example.org/volume', concept: { code: 'low' } }] },
    ]);
  });

  it('reads the map backwards, where wider is narrower', async () => {
    const { matches } = await translate({ system: sounds, code: 'grunt' }, { reverse: true });
    expect(matches).toMatchObject([
      { equivalence: 'narrower', concept: { system: animals, code: 'pig', display: 'Pig' } },
    ]);
  });

  it('finds the maps by themselves, by systems, source and target', async () => {
    const asked = { codings: [{ system: animals, code: 'cow' }], resources: [animalSystem, soundMap] };
    expect((await terminology.translate(asked)).result).toBe(true);
    expect((await terminology.translate({ ...asked, targetSystem: sounds })).result).toBe(true);
    expect((await terminology.translate({ ...asked, targetSystem: 'http://example.org/x' })).result).toBe(false);
    expect((await terminology.translate({ ...asked, source: 'http://example.org/x' })).result).toBe(false);
  });

  const withUnmapped = (unmapped: NonNullable<ConceptMap['group']>[number]['unmapped'], url = 'http://example.org/m') =>
    ({ ...soundMap, url, group: [{ ...soundMap.group?.[0], element: [], unmapped }] }) as ConceptMap;

  it('conceptmap-definitions.html#ConceptMap.group.unmapped: provided, fixed, other-map', async () => {
    const coding = { system: animals, code: 'calf' };
    const codeOf = async (conceptMap: ConceptMap, more: ConceptMap[] = []) =>
      (await translate(coding, { conceptMap, resources: [animalSystem, ...more] })).matches[0]?.concept.code;
    expect(await codeOf(withUnmapped({ mode: 'provided' }))).toBe('calf');
    expect(await codeOf(withUnmapped({ mode: 'fixed', code: 'none' }))).toBe('none');
    expect(await codeOf(withUnmapped({ mode: 'other-map', url: soundMap.url ?? '' }), [soundMap])).toBe('silence');
  });

  it('refuses maps that send on to one another without end', async () => {
    const loop = withUnmapped({ mode: 'other-map', url: 'http://example.org/m' });
    await expect(
      translate({ system: animals, code: 'calf' }, { conceptMap: loop, resources: [loop] }),
    ).rejects.toMatchObject({ kind: 'unprocessable' });
  });
});

describe('what search and validation ask', () => {
  it('lists the selectable codes of a value set by system, and remembers them', async () => {
    const url = 'http://hl7.org/fhir/ValueSet/observation-status';
    expect(terminology.membersNow(url)).toBeUndefined();
    const members = await terminology.members(url);
    expect(members?.get('http://hl7.org/fhir/observation-status')?.has('final')).toBe(true);
    expect(terminology.membersNow(url)).toBe(members);
  });

  it('has no members of a value set that cannot be listed', async () =>
    expect(await terminology.members('http://hl7.org/fhir/ValueSet/mimetypes')).toBeUndefined());

  it('search.html#token: gives what a code subsumes, and what subsumes it', async () => {
    const codes = async (code: string, direction: 'above' | 'below') =>
      (
        await terminology.related({ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }, direction, 500)
      ).map((one) => one.code);
    expect(await codes('ACUTE', 'above')).toEqual(['ACUTE', 'IMP', '_ActEncounterCode', '_ActCareProvisionCode']);
    expect(await codes('IMP', 'below')).toEqual(['IMP', 'ACUTE', 'NONAC']);
    expect(await codes('no-such', 'below')).toEqual(['no-such']);
  });

  it('refuses to give more codes than the limit', async () =>
    await expect(terminology.codesOf('http://hl7.org/fhir/ValueSet/languages', 10)).rejects.toMatchObject({
      issues: [{ code: 'too-costly' }],
    }));
});
