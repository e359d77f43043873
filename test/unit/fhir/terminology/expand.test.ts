/** https://hl7.org/fhir/R4/valueset.html https://hl7.org/fhir/R4/valueset-operation-expand.html */
import type { CodeSystem, ValueSet, ValueSetComposeInclude, ValueSetExpansionContains } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { openTerminology } from '../../../../src/fhir/terminology/open-terminology.ts';
import type { ExpandAsked } from '../../../../src/fhir/terminology/terminology.ts';
import { animalSystem, animals, valueSet } from '../../../support/terminology.ts';

const terminology = await openTerminology({});

const flat = (contains: readonly ValueSetExpansionContains[] = []): string[] =>
  contains.flatMap((one) => [one.code ?? '', ...flat(one.contains)]);

async function expand(asked: ExpandAsked): Promise<ValueSet> {
  return terminology.expand({ ...asked, resources: [animalSystem, ...(asked.resources ?? [])] });
}

const codes = async (include: ValueSetComposeInclude, rest: Partial<ExpandAsked> = {}) =>
  flat((await expand({ valueSet: valueSet('it', include), ...rest })).expansion?.contains).join(' ');

const filtered = (property: string, op: string, value: string): ValueSetComposeInclude => ({
  system: animals,
  filter: [{ property, op: op as 'is-a', value }],
});

const everything = 'mammal cow calf pig platypus bird hen dodo';

describe('valueset.html#compositions: what an include takes', () => {
  it('takes the whole of a system', async () => expect(await codes({ system: animals })).toBe(everything));

  it('takes listed codes in their order, and none that the system lacks', async () =>
    expect(await codes({ system: animals, concept: [{ code: 'pig' }, { code: 'unicorn' }, { code: 'cow' }] })).toBe(
      'pig cow',
    ));

  it.each([
    ['concept', 'is-a', 'mammal', 'mammal cow calf pig platypus'],
    ['concept', 'descendent-of', 'mammal', 'cow calf pig platypus'],
    ['concept', 'is-not-a', 'mammal', 'bird hen dodo'],
    ['concept', 'generalizes', 'calf', 'mammal cow calf'],
    ['concept', 'in', 'cow, hen', 'cow hen'],
    ['concept', 'not-in', 'cow,calf,pig,platypus', 'mammal bird hen dodo'],
    ['code', 'regex', 'p.*', 'pig platypus'],
    ['code', 'regex', 'p', ''],
    ['display', 'regex', '[CH].*', 'cow calf hen'],
    ['legs', '=', '4', 'cow pig'],
    ['legs', 'in', '2,4', 'cow pig hen'],
    ['diet', 'exists', 'true', 'cow'],
    ['diet', 'exists', 'false', 'mammal calf pig platypus bird hen dodo'],
    ['parent', '=', 'cow', 'calf'],
    ['child', '=', 'hen', 'bird'],
    ['group', '=', 'true', 'mammal bird'],
    ['inactive', '=', 'true', 'dodo'],
  ])('#filters: %s %s %s', async (property, op, value, found) => {
    expect(await codes(filtered(property, op, value), { excludeNested: true })).toBe(
      everything
        .split(' ')
        .filter((code) => found.split(' ').includes(code))
        .sort((a, b) => order.indexOf(a) - order.indexOf(b))
        .join(' '),
    );
  });
  const order = ['mammal', 'cow', 'calf', 'pig', 'bird', 'hen', 'dodo', 'platypus'];

  it.each([
    ['colour', '=', 'red'],
    ['legs', 'is-a', '4'],
    ['concept', 'child-of', 'cow'],
    ['code', 'regex', '('],
    ['code', 'regex', '(a+)+b'.repeat(300)],
  ])('refuses a filter that it does not understand: %s %s', async (property, op, value) => {
    await expect(codes(filtered(property, op, value))).rejects.toMatchObject({ kind: 'unprocessable' });
  });

  it('stops a regular expression that would take for ever', async () => {
    const long = { ...animalSystem, concept: [{ code: `${'a'.repeat(40)}!` }] } satisfies CodeSystem;
    const asked = { valueSet: valueSet('it', filtered('code', 'regex', '(a+)+b')), resources: [long] };
    await expect(terminology.expand(asked)).rejects.toThrow('takes too long');
  });

  it('takes what is in all value sets of one include, and in any of several includes', async () => {
    const resources = [
      valueSet('fourlegs', filtered('legs', '=', '4')),
      valueSet('mammals', filtered('concept', 'is-a', 'mammal')),
      valueSet('birds', filtered('concept', 'is-a', 'bird')),
    ];
    const [four, mammals, birds] = resources.map(({ url = '' }) => url) as [string, string, string];
    expect(await codes({ valueSet: [four, mammals] }, { resources })).toBe('cow pig');
    expect(await codes({ valueSet: [four, birds] }, { resources })).toBe('');
    expect(await codes({ system: animals, valueSet: [birds] }, { resources })).toBe('bird hen dodo');
    const both = valueSet('both', { valueSet: [four] }, { valueSet: [birds] });
    expect(flat((await expand({ valueSet: both, resources })).expansion?.contains)).toEqual([
      'cow',
      'pig',
      'bird',
      'hen',
      'dodo',
    ]);
  });

  it('leaves out what an exclude takes', async () => {
    const set = valueSet('it', { system: animals });
    set.compose = { include: [{ system: animals }], exclude: [filtered('concept', 'is-a', 'mammal')] };
    expect(flat((await expand({ valueSet: set })).expansion?.contains)).toEqual(['bird', 'hen', 'dodo']);
  });

  it('leaves out inactive codes when compose.inactive is false, or when only active ones are asked for', async () => {
    const set = valueSet('it', { system: animals });
    set.compose = { include: [{ system: animals }], inactive: false };
    expect(flat((await expand({ valueSet: set })).expansion?.contains)).not.toContain('dodo');
    expect(await codes({ system: animals }, { activeOnly: true })).not.toContain('dodo');
  });

  it('believes a value set that lists codes of a system that is not known', async () => {
    const include = { system: 'http://loinc.org', concept: [{ code: '8867-4', display: 'Heart rate' }] };
    expect(await codes(include)).toBe('8867-4');
  });

  it('refuses a value set that needs a system that is not known, and names it', async () => {
    await expect(codes({ system: 'http://snomed.info/sct' })).rejects.toThrow(
      "A definition for CodeSystem 'http://snomed.info/sct' could not be found",
    );
  });

  it('refuses a value set that includes itself by way of others', async () => {
    const resources = [
      valueSet('a', { valueSet: ['http://example.org/ValueSet/b'] }),
      valueSet('b', { valueSet: ['http://example.org/ValueSet/a'] }),
    ];
    await expect(expand({ url: 'http://example.org/ValueSet/a', resources })).rejects.toThrow('includes itself');
  });

  it('takes a value set apart once, however often others include it', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `layer${at}`);
    const resources = names.map((name, at) => {
      const below = `http://example.org/ValueSet/layer${at + 1}`;
      return at === 39
        ? valueSet(name, { system: animals, concept: [{ code: 'cow' }] })
        : valueSet(name, { valueSet: [below] }, { system: animals, concept: [{ code: 'cow' }], valueSet: [below] });
    });
    await expect(
      Promise.race([
        expand({ url: 'http://example.org/ValueSet/layer30', resources }),
        new Promise((_, reject) => setTimeout(() => reject(new Error('too slow')), 5000)),
      ]),
    ).resolves.toBeTruthy();
  });
});

describe('codesystem.html: what a system is', () => {
  it('#versioning: takes the version that is named, otherwise the newest active one', async () => {
    const old: CodeSystem = { ...animalSystem, version: '1.10', concept: [{ code: 'old' }] };
    const draft: CodeSystem = { ...animalSystem, version: '3.0', status: 'draft', concept: [{ code: 'draft' }] };
    const resources = [draft, old];
    expect(await codes({ system: animals, version: '1.10' }, { resources })).toBe('old');
    expect(await codes({ system: animals, version: '3.0' }, { resources })).toBe('draft');
    expect(await codes({ system: animals }, { resources })).toBe(everything);
    const pin = [`${animals}|1.10`];
    expect(await codes({ system: animals }, { resources, systemVersion: pin })).toBe('old');
    expect(await codes({ system: animals, version: '3.0' }, { resources, systemVersion: pin })).toBe('draft');
    expect(await codes({ system: animals, version: '3.0' }, { resources, forceSystemVersion: pin })).toBe('old');
    await expect(codes({ system: animals, version: '3.0' }, { resources, checkSystemVersion: pin })).rejects.toThrow(
      'check-system-version',
    );
  });

  it('#supplements: a supplement adds designations and properties', async () => {
    const supplement: CodeSystem = {
      resourceType: 'CodeSystem',
      url: 'http://example.org/CodeSystem/animals-es',
      status: 'active',
      content: 'supplement',
      supplements: animals,
      language: 'es',
      concept: [{ code: 'cow', display: 'Vaca', property: [{ code: 'eyes', valueInteger: 2 }] }],
    };
    const asked = { resources: [supplement], displayLanguage: 'es' };
    const set = valueSet('it', filtered('eyes', '=', '2'));
    const { expansion } = await expand({ valueSet: set, ...asked });
    expect(expansion?.contains).toMatchObject([{ code: 'cow', display: 'Vaca' }]);
    expect(expansion?.parameter).toContainEqual({
      name: 'used-supplement',
      valueUri: 'http://example.org/CodeSystem/animals-es',
    });
  });

  it('#supplements: a value set that needs one that is not known is refused', async () => {
    const set = valueSet('it', { system: animals });
    const valueCanonical = 'http://example.org/CodeSystem/animals-xx';
    set.extension = [{ url: 'http://hl7.org/fhir/StructureDefinition/valueset-supplement', valueCanonical }];
    await expect(expand({ valueSet: set })).rejects.toThrow(valueCanonical);
  });

  it('has a value set of all codes under the URL that it names, and under its own with ?fhir_vs', async () => {
    const all = await expand({ url: 'http://example.org/ValueSet/all-animals' });
    expect(flat(all.expansion?.contains).join(' ')).toBe(everything);
    expect((await expand({ url: `${animals}?fhir_vs` })).expansion?.total).toBe(8);
  });
});

describe('valueset-operation-expand.html: what an expansion says', () => {
  it('nests codes as their system does, unless excludeNested is asked for', async () => {
    const nested = await expand({ valueSet: valueSet('it', { system: animals }) });
    expect(nested.expansion?.contains?.map(({ code }) => code)).toEqual(['mammal', 'bird']);
    expect(nested.expansion?.contains?.[0]?.contains?.[0]?.contains).toMatchObject([{ code: 'calf' }]);
    const plain = await expand({ valueSet: valueSet('it', { system: animals }), excludeNested: true });
    expect(plain.expansion?.contains).toHaveLength(8);
  });

  it('marks abstract and inactive codes', async () => {
    const { expansion } = await expand({ valueSet: valueSet('it', { system: animals }), excludeNested: true });
    expect(expansion?.contains?.[0]).toMatchObject({ code: 'mammal', abstract: true });
    expect(expansion?.contains?.find(({ code }) => code === 'dodo')).toMatchObject({ inactive: true });
  });

  it('has identifier, timestamp, total and the parameters that shaped it', async () => {
    const { expansion } = await expand({ valueSet: valueSet('it', { system: animals }), offset: 2, count: 3 });
    expect(expansion).toMatchObject({ total: 8, offset: 2 });
    expect(expansion?.identifier).toMatch(/^urn:uuid:/);
    expect(Date.parse(expansion?.timestamp ?? '')).not.toBeNaN();
    expect(expansion?.parameter).toEqual([
      { name: 'offset', valueInteger: 2 },
      { name: 'count', valueInteger: 3 },
      { name: 'used-codesystem', valueUri: `${animals}|2.0` },
      { name: 'version', valueUri: `${animals}|2.0` },
    ]);
    expect(flat(expansion?.contains)).toEqual(['calf', 'pig', 'bird']);
  });

  it('counts without listing when count is 0', async () => {
    const { expansion } = await expand({ valueSet: valueSet('it', { system: animals }), count: 0 });
    expect([expansion?.total, expansion?.contains]).toEqual([8, undefined]);
  });

  it.each([
    ['vac', 'cow'],
    ['MAMMIFERE', 'mammal'],
    ['ve', 'calf'],
    ['ow', ''],
    ['plat', 'platypus'],
  ])('finds by the beginnings of words, whatever case and accents: %s', async (filter, found) => {
    expect(await codes({ system: animals }, { filter })).toBe(found);
  });

  it('gives displays in the language that is asked for, otherwise the usual ones', async () => {
    const include = { system: animals, concept: [{ code: 'cow' }, { code: 'hen' }] };
    const displays = async (displayLanguage: string) =>
      (await expand({ valueSet: valueSet('it', include), displayLanguage })).expansion?.contains?.map(
        ({ display }) => display,
      );
    expect(await displays('fr')).toEqual(['Vache', 'Hen']);
    expect(await displays('fr-CA')).toEqual(['Vache', 'Hen']);
    expect(await displays('es,de;q=0.8,fr;q=0.9')).toEqual(['Vache', 'Hen']);
    expect(await displays('en')).toEqual(['Cow', 'Hen']);
  });

  it('prefers what the value set itself calls a code', async () => {
    const concept = [{ code: 'cow', display: 'Moo-cow', designation: [{ language: 'fr', value: 'Meuh' }] }];
    const set = valueSet('it', { system: animals, concept });
    expect((await expand({ valueSet: set })).expansion?.contains?.[0]?.display).toBe('Moo-cow');
    expect((await expand({ valueSet: set, displayLanguage: 'fr' })).expansion?.contains?.[0]?.display).toBe('Meuh');
  });

  it('adds designations, those of a language where one is named, with the replaced display and without what replaces it', async () => {
    const set = valueSet('it', { system: animals, concept: [{ code: 'cow' }] });
    const all = await expand({ valueSet: set, includeDesignations: true, displayLanguage: 'fr' });
    expect(all.expansion?.contains?.[0]?.designation).toEqual([
      { language: 'en', value: 'Cow' },
      { language: 'de', value: 'Kuh' },
    ]);
    const some = await expand({ valueSet: set, includeDesignations: true, designations: ['urn:ietf:bcp:47|de'] });
    expect(some.expansion?.contains?.[0]?.designation).toEqual([{ language: 'de', value: 'Kuh' }]);
  });

  it('refuses to list more than it may: too-costly', async () => {
    const concept = Array.from({ length: 10_001 }, (_, at) => ({ code: `c${at}` }));
    const big: CodeSystem = { ...animalSystem, url: 'http://example.org/big', concept };
    const set = valueSet('it', { system: 'http://example.org/big' });
    await expect(expand({ valueSet: set, resources: [big] })).rejects.toMatchObject({
      status: 422,
      issues: [{ code: 'too-costly' }],
    });
    const page = await expand({ valueSet: set, resources: [big], offset: 9999, count: 5 });
    expect([page.expansion?.total, flat(page.expansion?.contains)]).toEqual([10_001, ['c9999', 'c10000']]);
  });

  it('refuses more regular expressions or includes than anybody means', async () => {
    const many = (count: number, include: ValueSetComposeInclude) =>
      expand({ valueSet: valueSet('many', ...Array.from({ length: count }, () => include)) });
    const tooCostly = { issues: [{ code: 'too-costly' }] };
    await expect(many(21, filtered('code', 'regex', 'c.*'))).rejects.toMatchObject(tooCostly);
    await expect(many(2001, { system: animals })).rejects.toMatchObject(tooCostly);
  });

  it('survives a hierarchy with a cycle', async () => {
    const loop: CodeSystem = {
      ...animalSystem,
      url: 'http://example.org/loop',
      concept: [
        { code: 'a', property: [{ code: 'parent', valueCode: 'b' }] },
        { code: 'b', property: [{ code: 'parent', valueCode: 'a' }] },
      ],
    };
    const { expansion } = await expand({
      valueSet: valueSet('it', { system: 'http://example.org/loop' }),
      resources: [loop],
    });
    expect(flat(expansion?.contains).sort()).toEqual(['a', 'b']);
  });
});
