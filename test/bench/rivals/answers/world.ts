/** The few resources that the searches of the comparison look at; all ids begin with the run's word, all carry its tag. */
export const tagSystem = 'urn:example:run';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';
const ipp = 'urn:example:ipp';
const name = (family: string, ...given: readonly string[]) => [{ family, given }];
const coding = (system: string, code: string, display?: string) => ({
  coding: [{ system, code, ...(display && { display }) }],
});
const quantity = (value: number, unit: string) => ({ value, unit, system: ucum, code: unit });

/** The resources of a run, by id; references within it are made by `at`. */
export function world(
  run: string,
): readonly (Readonly<Record<string, unknown>> & { resourceType: string; id: string })[] {
  const at = (type: string, id: string) => ({ reference: `${type}/${run}-${id}` });
  const of = (resourceType: string, id: string, content: object) => ({
    resourceType,
    id: `${run}-${id}`,
    meta: { tag: [{ system: tagSystem, code: run }] },
    ...content,
  });
  const measured = (id: string, patient: string, code: object, content: object) =>
    of('Observation', id, { status: 'final', code, subject: at('Patient', patient), ...content });
  const pressure = (id: string, systolic: number, diastolic: number) =>
    measured(id, 'muller', coding(loinc, '85354-9'), {
      effectivePeriod: { start: '2024-01-01T20:00:00Z', end: '2024-01-02T04:00:00Z' },
      component: [
        { code: coding(loinc, '8480-6'), valueQuantity: quantity(systolic, 'mm[Hg]') },
        { code: coding(loinc, '8462-4'), valueQuantity: quantity(diastolic, 'mm[Hg]') },
      ],
    });
  const glucose = coding(loinc, '2339-0', 'Glucose dans le sang');
  return [
    of('Organization', 'chu', { name: 'Hôpital Saint-Louis' }),
    of('Organization', 'service', { name: 'Pneumologie', partOf: at('Organization', 'chu') }),
    of('Patient', 'zoe', {
      identifier: [
        {
          type: coding('http://terminology.hl7.org/CodeSystem/v2-0203', 'MR'),
          system: ipp,
          value: `${run}1`,
        },
      ],
      active: true,
      name: name('Lefèbvre', 'Zoé', 'Marie'),
      gender: 'female',
      birthDate: '1980-05-17',
      managingOrganization: at('Organization', 'chu'),
    }),
    of('Patient', 'muller', {
      identifier: [{ system: ipp, value: `${run}2` }, { value: `${run}5` }],
      name: name('Müller', 'Karl'),
      gender: 'male',
      birthDate: '1980',
      deceasedBoolean: false,
    }),
    of('Patient', 'goff', { name: name('Le Goff', 'Anne'), birthDate: '1980-05', deceasedDateTime: '2020-01-01' }),
    of('Patient', 'old', { active: false, name: name('Ba', 'Awa'), gender: 'female', birthDate: '1955-02-03' }),
    of('Patient', 'nameless', { gender: 'unknown' }),
    measured('glucose1', 'zoe', glucose, {
      effectiveDateTime: '2024-01-02T10:00:00Z',
      valueQuantity: quantity(5.41, 'mmol/L'),
      note: [{ text: 'à jeun' }],
    }),
    measured('glucose2', 'muller', glucose, {
      effectiveDateTime: '2024-01-03',
      valueQuantity: quantity(7.2, 'mmol/L'),
    }),
    measured('weight', 'old', coding(loinc, '29463-7', 'Body weight'), {
      effectiveDateTime: '2024-02',
      valueQuantity: quantity(70, 'kg'),
    }),
    pressure('high', 165, 95),
    pressure('crossed', 120, 160),
    of('Observation', 'logical', {
      status: 'preliminary',
      code: { text: 'Toux' },
      subject: { identifier: { system: ipp, value: `${run}77` } },
    }),
    of('Condition', 'tb', {
      code: coding('http://snomed.info/sct', '56717001', 'Tuberculosis'),
      subject: at('Patient', 'zoe'),
      onsetPeriod: { start: '2023-12-01', end: '2024-01-31' },
    }),
    of('RiskAssessment', 'risk', {
      status: 'final',
      subject: at('Patient', 'zoe'),
      prediction: [{ probabilityDecimal: 0.8 }],
    }),
    of('Location', 'besancon', { name: 'Besançon', position: { longitude: 6.024, latitude: 47.2378 } }),
    of('Location', 'paris', { name: 'Paris', position: { longitude: 2.35, latitude: 48.85 } }),
    of('List', 'list', {
      status: 'current',
      mode: 'working',
      entry: [{ item: at('Patient', 'old') }, { item: at('Patient', 'goff') }],
    }),
    of('ValueSet', 'codes', {
      url: `urn:example:${run}:codes`,
      status: 'active',
      compose: { include: [{ system: loinc, concept: [{ code: '2339-0' }] }] },
    }),
  ];
}
