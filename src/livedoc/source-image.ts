/** Which DICOM instance of a study an Observation is about: FHIR R4's ImagingStudy cannot be pointed into. */
import type { Extension } from '@medplum/fhirtypes';
import { extension } from './canonical.ts';

export interface SourceImage {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
}

const url = extension('source-image');
const parts = ['study', 'series', 'instance'] as const;

export function sourceImageExtension(image: SourceImage): Extension {
  return { url, extension: parts.map((part) => ({ url: part, valueOid: `urn:oid:${image[part]}` })) };
}

export function sourceImageOf(extensions: readonly Extension[] | undefined): SourceImage | undefined {
  const found = extensions?.find((each) => each.url === url)?.extension ?? [];
  const [study, series, instance] = parts.map((part) =>
    found.find((each) => each.url === part)?.valueOid?.replace(/^urn:oid:/, ''),
  );
  return study && series && instance ? { study, series, instance } : undefined;
}

/** Where DICOMweb has the image, below the server's address. */
export function imagePath({ study, series, instance }: SourceImage): string {
  return `/dicomweb/studies/${study}/series/${series}/instances/${instance}`;
}
