/**
 * A DICOM study as FHIR: grows by one instance at a time, in whatever order they come and however often.
 * https://hl7.org/fhir/R4/imagingstudy.html
 */
import type { ImagingStudy, ImagingStudySeries, ImagingStudySeriesInstance } from '@medplum/fhirtypes';
import { profile, systems } from '../livedoc/canonical.ts';
import { stableId } from '../livedoc/stable-id.ts';
import type { ImageFacts } from './image-facts.ts';

export const imagingStudyId = (studyUid: string) => stableId('ImagingStudy', studyUid);

const dcm = (code: string) => ({ system: systems.dcm, code });
const sameUid = (uid: string) => (each: { uid?: string }) => each.uid === uid;

/** The study with this instance in it; the very same `current` when it has it already. */
export function withInstance(
  current: ImagingStudy | undefined,
  image: ImageFacts,
  { patient, encounter }: { readonly patient: string; readonly encounter?: string },
): ImagingStudy {
  const study = current ?? newStudy(image, patient, encounter);
  const series = study.series?.find(sameUid(image.series)) ?? newSeries(image);
  if (series.instance?.some(sameUid(image.instance))) return study;
  const grown = { ...series, instance: [...(series.instance ?? []), instanceOf(image)] };
  grown.numberOfInstances = grown.instance.length;
  const before = study.series ?? [];
  const isNew = !before.some(sameUid(image.series));
  return counted({
    ...study,
    series: isNew ? [...before, grown] : before.map((each) => (each.uid === image.series ? grown : each)),
  });
}

function newStudy(image: ImageFacts, patient: string, encounter: string | undefined): ImagingStudy {
  return {
    resourceType: 'ImagingStudy',
    id: imagingStudyId(image.study),
    meta: { profile: [profile('imaging-study')] },
    identifier: [
      { system: systems.dicomUid, value: `urn:oid:${image.study}` },
      ...(image.accessionNumber ? [accession(image.accessionNumber)] : []),
    ],
    status: 'available',
    subject: { reference: patient },
    ...(encounter && { encounter: { reference: encounter } }),
    ...(image.studyStarted && { started: image.studyStarted }),
    ...(image.studyDescription && { description: image.studyDescription }),
  };
}

function accession(value: string) {
  return { type: { coding: [{ system: systems.identifierType, code: 'ACSN' }] }, value };
}

function newSeries(image: ImageFacts): ImagingStudySeries {
  return {
    uid: image.series,
    ...(image.seriesNumber !== undefined && { number: image.seriesNumber }),
    modality: dcm(image.modality),
    ...(image.seriesDescription && { description: image.seriesDescription }),
    ...(image.seriesStarted && { started: image.seriesStarted }),
  };
}

function instanceOf(image: ImageFacts): ImagingStudySeriesInstance {
  return {
    uid: image.instance,
    // R4 codes a SOP class by its OID as a URN.
    sopClass: { system: systems.uri, code: `urn:oid:${image.sopClass}` },
    ...(image.instanceNumber !== undefined && { number: image.instanceNumber }),
  };
}

function counted(study: ImagingStudy): ImagingStudy {
  const series = study.series ?? [];
  const modalities = [...new Set(series.map(({ modality }) => modality?.code ?? ''))].filter((code) => code !== '');
  return {
    ...study,
    modality: modalities.map(dcm),
    numberOfSeries: series.length,
    numberOfInstances: series.reduce((sum, { instance }) => sum + (instance?.length ?? 0), 0),
  };
}
