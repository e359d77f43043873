/** What FHIR needs to know of a DICOM instance, already in FHIR's forms. */

export interface PatientFacts {
  /** (0010,0020) and (0010,0021); an instance may have neither. */
  readonly id?: string;
  readonly issuer?: string;
  readonly name?: { readonly family?: string; readonly given: readonly string[]; readonly text: string };
  /** FHIR date. */
  readonly birthDate?: string;
  readonly gender?: 'male' | 'female' | 'other';
}

export interface ImageFacts {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly sopClass: string;
  readonly modality: string;
  readonly accessionNumber?: string;
  readonly studyDescription?: string;
  readonly seriesDescription?: string;
  readonly seriesNumber?: number;
  readonly instanceNumber?: number;
  /** FHIR dateTimes. */
  readonly studyStarted?: string;
  readonly seriesStarted?: string;
  readonly acquired?: string;
  readonly patient: PatientFacts;
}
