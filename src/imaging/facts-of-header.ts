/** The header of an image in FHIR's forms. */
import type { NameGroup, PersonName } from '../dicom/person-name.ts';
import type { ImageHeader, PatientHeader } from './header.ts';
import type { ImageFacts, PatientFacts } from './image-facts.ts';

const genders = { M: 'male', F: 'female', O: 'other' } as const;

export function factsOf({ patient, study, series, instance }: ImageHeader): ImageFacts {
  return {
    study: study.uid,
    series: series.uid,
    instance: instance.uid,
    sopClass: instance.sopClass,
    modality: series.modality ?? 'OT',
    ...(study.accessionNumber && { accessionNumber: study.accessionNumber }),
    ...(study.description && { studyDescription: study.description }),
    ...(study.started && { studyStarted: study.started }),
    ...(series.description && { seriesDescription: series.description }),
    ...(series.number !== undefined && { seriesNumber: series.number }),
    ...(series.started && { seriesStarted: series.started }),
    ...(instance.number !== undefined && { instanceNumber: instance.number }),
    ...(instance.acquired && { acquired: instance.acquired }),
    patient: patientFacts(patient),
  };
}

function patientFacts({ id, issuer, name, birthDate, sex }: PatientHeader): PatientFacts {
  const group = name && nameGroup(name);
  return {
    ...(id && { id }),
    ...(issuer && { issuer }),
    ...(group && { name: nameFacts(group) }),
    ...(birthDate && { birthDate }),
    ...(sex && { gender: genders[sex] }),
  };
}

/** The form in Latin letters is what other systems search by; the others are taken where there is no such. */
function nameGroup({ alphabetic, ideographic, phonetic }: PersonName): NameGroup | undefined {
  return alphabetic ?? ideographic ?? phonetic;
}

function nameFacts({ family, given, middle, prefix, suffix }: NameGroup): NonNullable<PatientFacts['name']> {
  const all = [prefix, given, middle, family, suffix].filter((part) => part !== undefined);
  return {
    ...(family && { family }),
    given: [given, middle].filter((part) => part !== undefined),
    text: all.join(' '),
  };
}
