/** The definitions that LIVEDOC publishes say what its code says. */
import { readdirSync, readFileSync } from 'node:fs';
import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { gateWarnings } from '../../../src/imaging/quality-gate.ts';
import { codeSystem, systems, valueSet } from '../../../src/livedoc/canonical.ts';
import { codeNamed, nameOf, terms } from '../../../src/livedoc/terms.ts';
import * as translations from '../../../src/livedoc/translations.ts';

const folder = new URL('../../../fhir-profiles/', import.meta.url);
const published = <T>(name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T;
const idsOf = (type: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`${type}-`))
    .map((name) => name.slice(type.length + 1, -'.json'.length));

/** The warnings of the quality gate stay beside the checks that give them. */
const systemsOfCodes = { ...terms, 'reading-warning': gateWarnings };

describe('fhir-profiles', () => {
  it('has a CodeSystem and a ValueSet for every system of codes, and no other', () => {
    expect(idsOf('CodeSystem').sort()).toEqual(Object.keys(systemsOfCodes).sort());
    expect(idsOf('ValueSet').sort()).toEqual(Object.keys(systemsOfCodes).sort());
  });

  it.each(Object.entries(systemsOfCodes))('publishes the codes and both names of %s', (id, codes) => {
    const { url, concept } = published<CodeSystem>(`CodeSystem-${id}`);
    expect(url).toBe(codeSystem(id));
    const names = (concept ?? []).map(({ code, display, designation }) => [
      code,
      [display, ...(designation ?? []).map(({ language, value }) => [language, value])],
    ]);
    expect(Object.fromEntries(names)).toEqual(
      Object.fromEntries(Object.entries(codes).map(([code, [fr, en]]) => [code, [fr, ['fr', fr], ['en', en]]])),
    );
    const values = published<ValueSet>(`ValueSet-${id}`);
    expect([values.url, values.compose?.include]).toEqual([valueSet(id), [{ system: codeSystem(id) }]]);
  });
});

type Pairs = Record<string, string | number | null>;
const codesOf = (rows: Record<string, { code: string } | null>): Pairs =>
  Object.fromEntries(Object.entries(rows).map(([code, target]) => [code, target?.code ?? null]));

const maps: Record<string, [source: string, target: string, pairs: Pairs]> = {
  'sexe-to-gender': [codeSystem('sexe'), 'http://hl7.org/fhir/administrative-gender', translations.genderOfSexe],
  'gender-to-sexe': ['http://hl7.org/fhir/administrative-gender', codeSystem('sexe'), translations.sexeOfGender],
  'consultation-to-encounter': [
    codeSystem('consultation-status'),
    'http://hl7.org/fhir/encounter-status',
    translations.encounterStatus,
  ],
  'encounter-to-consultation': [
    'http://hl7.org/fhir/encounter-status',
    codeSystem('consultation-status'),
    translations.consultationStatus,
  ],
  'outcome-to-interpretation': [
    codeSystem('tb-cad-outcome'),
    systems.interpretation,
    translations.interpretationOfOutcome,
  ],
  'outcome-to-prediction': [codeSystem('tb-cad-outcome'), codeSystem('prediction'), translations.predictionOfOutcome],
  'diagnosis-to-snomed': [codeSystem('final-diagnosis'), systems.snomed, codesOf(translations.snomedOfDiagnosis)],
  'role-to-snomed': [codeSystem('user-role'), systems.snomed, codesOf(translations.snomedOfRole)],
  'vital-sign-to-loinc': [
    codeSystem('vital-sign'),
    systems.loinc,
    Object.fromEntries(Object.entries(translations.vitalSigns).map(([key, { loinc }]) => [key, loinc])),
  ],
};

describe('the ConceptMaps', () => {
  it('are those that the code translates by', () => {
    expect(idsOf('ConceptMap').sort()).toEqual([...Object.keys(maps), 'validation-to-report-status'].sort());
  });

  it.each(Object.entries(maps))('%s says what the code does', (id, [source, target, pairs]) => {
    const [group] = published<ConceptMap>(`ConceptMap-${id}`).group ?? [];
    expect([group?.source, group?.target]).toEqual([source, target]);
    const mapped = (group?.element ?? []).map(({ code, target: to }) => [code, to?.[0]?.code ?? null]);
    expect(Object.fromEntries(mapped)).toEqual(
      Object.fromEntries(Object.entries(pairs).map(([code, to]) => [code, to === null ? null : String(to)])),
    );
  });

  it('validation-to-report-status says what the code does before and after finality', () => {
    const [group] = published<ConceptMap>('ConceptMap-validation-to-report-status').group ?? [];
    const mapped = (group?.element ?? []).map(({ code, target }) => [
      code,
      {
        preliminary: target?.find(({ comment }) => comment === 'preliminary')?.code ?? null,
        final: target?.find(({ comment }) => comment === 'final')?.code ?? null,
      },
    ]);
    expect(Object.fromEntries(mapped)).toEqual(translations.reportStatus);
  });
});

describe('codes', () => {
  it('are named in French and in English', () => {
    expect(nameOf('lung-zone', 'right-upper', 'fr')).toBe('Champ pulmonaire supérieur droit');
    expect(nameOf('lung-zone', 'right-upper', 'en')).toBe('Right upper lung zone');
  });

  it('are found by code or name, whatever the case and accents', () => {
    expect(codeNamed('final-diagnosis', ' tuberculose PULMONAIRE ')).toBe('TUBERCULOSE_PULMONAIRE');
    expect(codeNamed('final-diagnosis', 'indéterminé')).toBe('INDETERMINE');
    expect(codeNamed('final-diagnosis', 'pas de signe de tuberculose')).toBeUndefined();
  });
});
