/** Resources of ordinary size and shape for the benchmarks, made by arithmetic so that every run has the same. */

const families = [
  'Nguyễn',
  "N'Diaye",
  'de La Fontaine',
  'Le Goff',
  'Müller',
  'Lefèbvre-Durand',
  'Ben Saïd',
  'Ouédraogo',
];
const givens = ['Zoé', 'Aïcha', 'Jean-Baptiste', 'Chloé', 'Mamadou', 'Élodie', 'Noël', 'Thérèse'];
const vitals = [
  ['8310-5', 'Body temperature', 'Cel', 36],
  ['8867-4', 'Heart rate', '/min', 60],
  ['9279-1', 'Respiratory rate', '/min', 12],
  ['29463-7', 'Body weight', 'kg', 55],
] as const;

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const day = (index: number) =>
  new Date(Date.UTC(1940, 0, 1) + (index % 28_000) * 86_400_000).toISOString().slice(0, 10);

/** The JSON text of the n-th Patient. */
export function patient(index: number): string {
  return JSON.stringify({
    resourceType: 'Patient',
    identifier: [{ system: 'https://hopital.example.org/ipp', value: `IPP${index}` }],
    active: true,
    name: [{ use: 'official', family: at(families, index), given: [at(givens, index >> 3), at(givens, index >> 6)] }],
    telecom: [{ system: 'phone', value: `+33 6 ${String(index % 1e8).padStart(8, '0')}`, use: 'mobile' }],
    gender: index % 2 ? 'female' : 'male',
    birthDate: day(index),
    address: [{ line: [`${index % 200} rue de l'Église`], city: 'Besançon', postalCode: '25000', country: 'FR' }],
  });
}

/** The JSON text of the n-th Observation, of the patient that `subject` names. */
export function observation(index: number, subject: string): string {
  const [code, display, unit, base] = at(vitals, index >> 1);
  const when = new Date(Date.UTC(2025, 0, 1) + (index % 500_000) * 60_000).toISOString();
  return JSON.stringify({
    resourceType: 'Observation',
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
    ],
    code: { coding: [{ system: 'http://loinc.org', code, display }], text: display },
    subject: { reference: subject },
    effectiveDateTime: when,
    issued: when,
    valueQuantity: { value: base + (index % 50) / 10, unit, system: 'http://unitsofmeasure.org', code: unit },
  });
}
