/**
 * By which search parameters a resource is told to be in a Patient's record, and what it says of codes, dates and others.
 * https://hl7.org/fhir/R4/compartmentdefinition-patient.html
 */
import { compartmentParameters } from '../../fhir/definitions/compartments.ts';
import { allParamsOf } from '../../fhir/search/membership.ts';
import { parameterOf, r4Parameters } from '../../fhir/search/parameters.ts';
import { type Formula, or } from './formula.ts';

/** Codes of parameters of a type. */
export interface RecordParameters {
  tokens(type: string): readonly string[];
  references(type: string): readonly string[];
  /** The one that says when it was; undefined: none does. */
  date(type: string): string | undefined;
}

/** What types call the time that they are about, the best first. */
const dates = [
  'date',
  'period',
  'started',
  'authoredon',
  'authored',
  'onset-date',
  'recorded-date',
  'effective-time',
  'whengiven',
  'whenprepared',
  'collected',
  'sent',
  'created',
  'datewritten',
  'issued',
  'recorded',
  'performed',
];

const codesOf = (type: string, kind: 'token' | 'reference') =>
  r4Parameters
    .parameters(type)
    .filter((parameter) => parameter.type === kind && !parameter.code.startsWith('_'))
    .map(({ code }) => code);

export const r4RecordParameters: RecordParameters = {
  tokens: (type) => codesOf(type, 'token'),
  references: (type) => codesOf(type, 'reference'),
  date: (type) => dates.find((code) => parameterOf({}, type, code)?.type === 'date'),
};

/** R4 has types that are in no compartment and name their patient all the same: Device, Task, GuidanceResponse. */
function paramsOf(type: string): readonly string[] {
  const codes = compartmentParameters('Patient', type).filter((code) => code !== '{def}');
  if (codes.length > 0) return codes.map((code) => `${type}.${code}`);
  const patient = r4Parameters.parameter(type, 'patient');
  return patient?.targets?.includes('Patient') ? [`${type}.patient`] : [];
}

/** Whether resources of the type can be in a Patient's record. */
export function isOfRecord(type: string): boolean {
  return type === 'Patient' || paramsOf(type).length > 0;
}

/** That a resource is in the record of one of these Patients; what is said of where a record comes from belongs to it. */
export function inRecordOf(patients: readonly string[], type: string): Formula {
  if (patients.length === 0) return false;
  const any = patients.map((id) => ({ type: 'Patient', id }));
  const params = paramsOf(type);
  const own: Formula = type === 'Patient' && { kind: 'id', any: patients };
  const member: Formula = params.length > 0 && { kind: 'member', params, any };
  const about: Formula = type === 'Provenance' && {
    kind: 'link',
    param: 'Provenance.target',
    params: allParamsOf('Patient'),
    any,
  };
  return or([own, member, about]);
}
