/** Records of patients as transactions, of the mixture that hospitals send; made by arithmetic, so that every run has the same. */
import { patient } from './resources.ts';

/** Resources of one patient's Bundle. */
export const perRecord = 300;
/** Encounters among them. */
export const encounters = 19;

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';
const category = 'http://terminology.hl7.org/CodeSystem/observation-category';

/** [LOINC code, unit, least value]; the first is 40 % of all Observations. */
const measured = [
  ['8867-4', '/min', 55],
  ['8310-5', 'Cel', 36],
  ['9279-1', '/min', 12],
  ['29463-7', 'kg', 48],
  ['8302-2', 'cm', 150],
  ['2339-0', 'mg/dL', 70],
  ['718-7', 'g/dL', 11],
] as const;
const conditions = ['56717001', '38341003', '44054006', '195967001', '427089005'];

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
/** A moment of ten years, another for each index; `later` minutes after it. */
const time = (index: number, later = 0) =>
  new Date(Date.UTC(2015, 0, 1) + (((index * 7919) % 5_256_000) + later) * 60_000).toISOString();

/** How rare the rare code is: once in so many Observations. */
export const rarity = 100_000;
export const rareCode = '94531-1';
export const commonCode = measured[0][0];
/** Pressures of a component: systolic and diastolic. */
export const systolic = '8480-6';

function observationOf(n: number, subject: string, encounter: string): object {
  if (n % 11 === 10) return pressureOf(n, subject, encounter);
  const [code, unit, least] = n % 5 < 2 ? measured[0] : at(measured.slice(1), n);
  return {
    ...observationFrame(n, n % rarity === 7 ? rareCode : code, subject, encounter),
    valueQuantity: { value: least + ((n * 31) % 400) / 10, unit, system: ucum, code: unit },
  };
}

function observationFrame(n: number, code: string, subject: string, encounter: string): object {
  return {
    resourceType: 'Observation',
    status: n % 17 === 0 ? 'preliminary' : 'final',
    category: [{ coding: [{ system: category, code: n % 3 ? 'vital-signs' : 'laboratory' }] }],
    code: { coding: [{ system: loinc, code, display: `Measurement ${code}` }] },
    subject: { reference: subject },
    encounter: { reference: encounter },
    effectiveDateTime: time(n),
    issued: time(n),
  };
}

function pressureOf(n: number, subject: string, encounter: string): object {
  const component = ([code, value]: readonly [string, number]) => ({
    code: { coding: [{ system: loinc, code }] },
    valueQuantity: { value, unit: 'mmHg', system: ucum, code: 'mm[Hg]' },
  });
  return {
    ...observationFrame(n, '85354-9', subject, encounter),
    component: [component([systolic, 95 + (n % 90)]), component(['8462-4', 55 + (n % 50)])],
  };
}

function encounterOf(n: number, subject: string): object {
  return {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: (n >> 4) % 4 ? 'AMB' : 'EMER' },
    subject: { reference: subject },
    period: { start: time(n), end: time(n, 30) },
  };
}

function conditionOf(n: number, subject: string, encounter: string): object {
  return {
    resourceType: 'Condition',
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: n % 3 ? 'active' : 'resolved' },
      ],
    },
    code: { coding: [{ system: 'http://snomed.info/sct', code: at(conditions, n) }] },
    subject: { reference: subject },
    encounter: { reference: encounter },
    onsetDateTime: time(n),
  };
}

/** The JSON text of each resource of the n-th record, with its urn:uuid. */
function resourcesOf(record: number): readonly (readonly [urn: string, text: string])[] {
  const urn = (n: number) =>
    `urn:uuid:${String(record).padStart(8, '0')}-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const subject = urn(0);
  return Array.from({ length: perRecord }, (_, n) => {
    const number = record * perRecord + n;
    const encounter = urn(1 + ((n >> 4) << 4));
    if (n === 0) return [urn(n), patient(record)];
    if (n % 16 === 1) return [urn(n), JSON.stringify(encounterOf(number, subject))];
    const resource = n % 16 === 2 ? conditionOf(number, subject, encounter) : observationOf(number, subject, encounter);
    return [urn(n), JSON.stringify(resource)];
  });
}

/** The n-th record: as a transaction, and as the texts alone. */
export function record(n: number): { readonly bundle: string; readonly texts: readonly string[] } {
  const resources = resourcesOf(n);
  const entries = resources.map(([urn, text]) => {
    const type = /"resourceType":"([A-Za-z]+)"/.exec(text)?.[1];
    return `{"fullUrl":"${urn}","resource":${text},"request":{"method":"POST","url":"${type}"}}`;
  });
  return {
    bundle: `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`,
    texts: resources.map(([, text]) => text),
  };
}
