/**
 * Vital signs of a consultation as Observations and back: one for each sign, blood pressure with both values in one.
 * https://hl7.org/fhir/R4/observation-vitalsigns.html
 */
import type { CodeableConcept, Observation, Quantity } from '@medplum/fhirtypes';
import type { VitalSigns } from '../shared/api/consultation.ts';
import { systems } from './canonical.ts';
import { stableId } from './stable-id.ts';
import { vitalSigns } from './translations.ts';

type Key = keyof typeof vitalSigns;

const keys = Object.keys(vitalSigns) as Key[];
const bloodPressure = { code: '85354-9', display: 'Blood pressure panel with all children optional' };
/** Pulse oximetry: the profile asks for the general code, the device is said by this one. */
const byPulseOximetry = { code: '59408-5', display: 'Oxygen saturation in Arterial blood by Pulse oximetry' };

export interface VitalSignsOf {
  /** `Encounter/...` */
  readonly encounter: string;
  readonly patient: string;
  /** FHIR dateTime, at least to the day. */
  readonly measured: string;
}

export function toFhir(signs: VitalSigns, of: VitalSignsOf): Observation[] {
  const single = keys.filter((key) => signs[key] !== undefined && !('within' in vitalSigns[key]));
  const pressure = keys.filter((key) => signs[key] !== undefined && 'within' in vitalSigns[key]);
  const observations = single.map((key) => ({
    ...observation(key, conceptOf(key), of),
    valueQuantity: quantity(key, signs),
  }));
  if (pressure.length === 0) return observations;
  const component = pressure.map((key) => ({ code: conceptOf(key), valueQuantity: quantity(key, signs) }));
  return [...observations, { ...observation('pressure', loinc(bloodPressure), of), component }];
}

function observation(name: string, code: CodeableConcept, { encounter, patient, measured }: VitalSignsOf): Observation {
  return {
    resourceType: 'Observation',
    id: stableId('vital-sign', encounter, name),
    meta: { profile: ['http://hl7.org/fhir/StructureDefinition/vitalsigns'] },
    status: 'final',
    category: [{ coding: [{ system: systems.observationCategory, code: 'vital-signs', display: 'Vital Signs' }] }],
    code,
    subject: { reference: patient },
    encounter: { reference: encounter },
    effectiveDateTime: measured,
  };
}

function loinc(...codes: readonly { code: string; display: string }[]): CodeableConcept {
  return { coding: codes.map((each) => ({ system: systems.loinc, ...each })) };
}

function conceptOf(key: Key): CodeableConcept {
  const own = { code: vitalSigns[key].loinc, display: vitalSigns[key].display };
  return key === 'saturation_o2' ? loinc(own, byPulseOximetry) : loinc(own);
}

function quantity(key: Key, signs: VitalSigns): Quantity {
  const { unit } = vitalSigns[key];
  return { value: signs[key] ?? 0, unit, system: systems.ucum, code: unit };
}

/** Of several measurements of one sign the last counts. */
export function fromFhir(observations: readonly Observation[]): VitalSigns {
  const inOrder = [...observations].sort((a, b) =>
    (a.effectiveDateTime ?? '') < (b.effectiveDateTime ?? '') ? -1 : 1,
  );
  const measured = inOrder
    .filter(({ status }) => status !== 'entered-in-error' && status !== 'cancelled')
    .flatMap((each) => [each, ...(each.component ?? [])])
    .flatMap(({ code, valueQuantity }) => {
      const key = keys.find((sign) => code?.coding?.some((each) => isCode(each, vitalSigns[sign].loinc)));
      return key && valueQuantity?.value !== undefined ? [[key, valueQuantity.value] as const] : [];
    });
  return Object.fromEntries(measured);
}

const isCode = ({ system, code }: { system?: string; code?: string }, wanted: string) =>
  system === systems.loinc && code === wanted;
