/**
 * Predictions as FHIR and back: Observation (what the model says), DiagnosticReport (whose id is the prediction's),
 * ServiceRequest (what it recommends).
 * https://hl7.org/fhir/R4/diagnosticreport.html
 */
import type {
  CodeableConcept,
  Device,
  DiagnosticReport,
  Observation,
  ObservationComponent,
  Reference,
  ServiceRequest,
} from '@medplum/fhirtypes';
import type { Prediction } from '../shared/api/prediction.ts';
import { aiAsserted, extension, profile, sid, systems } from './canonical.ts';
import { idOf } from './references.ts';
import { feature, regionComponent } from './regions.ts';
import { imagePath, type SourceImage, sourceImageExtension, sourceImageOf } from './source-image.ts';
import { type Code, codeIn, coding, concept, type Language } from './terms.ts';
import { interpretationOfOutcome, predictionOfOutcome } from './translations.ts';

/** What a reading hangs on: ids are logical ids, everything else is a reference as FHIR writes it. */
export interface ReadingLinks {
  readonly observation: string;
  readonly proposal: string;
  readonly patient: string;
  readonly encounter?: string;
  readonly study: string;
  readonly device?: string;
  readonly media?: string;
  readonly image: SourceImage;
  /** When the image was taken, a FHIR dateTime. */
  readonly effective?: string;
  /** Which threshold it was: its id in the model's description, and the people it was set on. */
  readonly calibration?: { readonly id: string; readonly population: string };
  /** What makes the reading less certain without forbidding it. */
  readonly warnings: readonly CodeableConcept[];
  readonly tags: readonly Code<'tag'>[];
  readonly language: Language;
}

export interface ReadingResources {
  readonly observation: Observation;
  readonly report: DiagnosticReport;
  readonly proposal?: ServiceRequest;
}

const ref = <R extends Reference>(reference: string) => ({ reference }) as R;

/** A row of the data model as resources, all as the model's own word: preliminary, asserted by an AI. */
export function toFhir(row: Prediction, links: ReadingLinks): ReadingResources {
  const observation = observationOf(row, links);
  if (row.recommendation === null) return { observation, report: reportOf(row, links) };
  const proposal = proposalOf(row, links, row.recommendation);
  return { observation, report: reportOf(row, links), proposal };
}

const metaOf = (name: string, { tags, language }: ReadingLinks) => ({
  profile: [profile(name)],
  security: [{ ...aiAsserted }],
  ...(tags.length > 0 && { tag: tags.map((tag) => concept('tag', tag, language).coding?.[0] ?? {}) }),
});

function about(row: Prediction, links: ReadingLinks) {
  return {
    status: 'preliminary' as const,
    subject: ref<Reference>(links.patient),
    ...(links.encounter && { encounter: ref<Reference>(links.encounter) }),
    ...(links.effective && { effectiveDateTime: links.effective }),
    ...(row.created_at && { issued: row.created_at }),
  };
}

function observationOf(row: Prediction, links: ReadingLinks): Observation {
  const study = { reference: links.study };
  return {
    resourceType: 'Observation',
    id: links.observation,
    meta: metaOf('tb-cad-observation', links),
    identifier: [{ system: sid('prediction'), value: row.id }],
    partOf: [study],
    category: [{ coding: [{ system: systems.observationCategory, code: 'imaging', display: 'Imaging' }] }],
    code: concept('tb-cad', 'classification', links.language),
    ...(about(row, links) as Pick<Observation, 'status' | 'subject' | 'encounter' | 'effectiveDateTime' | 'issued'>),
    ...answer(row, links),
    ...(row.interpretation && { note: [{ text: row.interpretation }] }),
    bodySite: { coding: [{ system: systems.snomed, code: '51185008', display: 'Thoracic structure' }] },
    ...(links.device && { device: { reference: links.device } }),
    derivedFrom: [{ ...study, extension: [sourceImageExtension(links.image)] }],
    ...componentsOf(row, links),
  };
}

function answer({ outcome, not_read_reason }: Prediction, { language }: ReadingLinks): Partial<Observation> {
  if (outcome === 'not-read') {
    const error = not_read_reason?.startsWith('reader-') || not_read_reason === 'not-decodable';
    const absent = error ? { code: 'error', display: 'Error' } : { code: 'not-performed', display: 'Not Performed' };
    return { dataAbsentReason: { coding: [{ system: systems.absent, ...absent }] } };
  }
  const local = concept('tb-cad-outcome', outcome, language);
  // The disorder's code stands for its presence, so only a positive reading carries it: a receiver that ignores our own
  // codes must never take a negative reading for tuberculosis.
  const disorder = { system: systems.snomed, code: '154283005', display: 'Pulmonary tuberculosis' };
  const code = interpretationOfOutcome[outcome];
  return {
    valueCodeableConcept: outcome === 'positive' ? { coding: [...(local.coding ?? []), disorder] } : local,
    interpretation: [{ coding: [{ system: systems.interpretation, code }] }],
  };
}

const ratio = (code: Code<'tb-cad'>, value: number | null, language: Language): ObservationComponent[] =>
  value === null
    ? []
    : [
        {
          code: concept('tb-cad', code, language),
          valueQuantity: { value, unit: '1', system: systems.ucum, code: '1' },
        },
      ];

function componentsOf(row: Prediction, { language, calibration, warnings }: ReadingLinks): Partial<Observation> {
  const coded = (code: Code<'tb-cad'>, valueCodeableConcept: CodeableConcept): ObservationComponent => ({
    code: concept('tb-cad', code, language),
    valueCodeableConcept,
  });
  const component = [
    ...ratio('probability', row.probability, language),
    ...ratio('threshold', row.threshold, language).map((each) => ({
      ...each,
      ...(calibration && { extension: [calibrationExtension(calibration)] }),
    })),
    ...ratio('confidence', row.confidence, language),
    ...(row.confidence_level
      ? [coded('confidence-level', concept('confidence-level', row.confidence_level, language))]
      : []),
    ...row.features_detected.map((each) => regionComponent(each, language)),
    ...(row.not_read_reason
      ? [
          coded(
            'rejection-reason',
            concept('not-read-reason', row.not_read_reason as Code<'not-read-reason'>, language),
          ),
        ]
      : []),
    ...warnings.map((each) => coded('warning', each)),
  ];
  return component.length > 0 ? { component } : {};
}

function calibrationExtension({ id, population }: { readonly id: string; readonly population: string }) {
  return {
    url: extension('calibration-profile'),
    extension: [
      { url: 'id', valueString: id },
      { url: 'population', valueString: population },
    ],
  };
}

function reportOf(row: Prediction, links: ReadingLinks): DiagnosticReport {
  const single = { system: systems.loinc, code: '36554-4', display: 'XR Chest Single view' };
  const study = { system: systems.loinc, code: '18748-4', display: 'Diagnostic imaging study' };
  return {
    resourceType: 'DiagnosticReport',
    id: row.id,
    meta: metaOf('tb-report', links),
    ...(row.recommendation !== null && {
      extension: [
        { url: extension('recommendation'), valueReference: { reference: `ServiceRequest/${links.proposal}` } },
      ],
    }),
    category: [{ coding: [{ system: systems.diagnosticService, code: 'RAD', display: 'Radiology' }] }],
    code: {
      coding: [
        study,
        ...(row.outcome === 'not-read' ? [] : [single]),
        coding('tb-cad', 'classification', links.language),
      ],
    },
    ...(about(row, links) as Pick<
      DiagnosticReport,
      'status' | 'subject' | 'encounter' | 'effectiveDateTime' | 'issued'
    >),
    result: [{ reference: `Observation/${links.observation}` }],
    imagingStudy: [{ reference: links.study }],
    ...(links.media && { media: [{ link: { reference: links.media } }] }),
    ...(row.interpretation && { conclusion: row.interpretation }),
  };
}

function proposalOf(row: Prediction, links: ReadingLinks, text: string): ServiceRequest {
  return {
    resourceType: 'ServiceRequest',
    id: links.proposal,
    meta: metaOf('tb-proposal', links),
    status: 'draft',
    intent: 'proposal',
    code: { ...concept('recommendation', 'molecular-test-sputum', links.language), text },
    subject: { reference: links.patient },
    ...(links.encounter && { encounter: { reference: links.encounter } }),
    ...(row.created_at && { authoredOn: row.created_at }),
    ...(links.device && { requester: { reference: links.device } }),
    reasonReference: [{ reference: `Observation/${links.observation}` }],
  };
}

/** The row that the resources hold; the physician's word, once spoken, is its interpretation. */
export function fromFhir({
  report,
  observation,
  proposal,
  device,
}: ReadingResources & { device?: Device }): Prediction {
  const number = (code: Code<'tb-cad'>) => componentOf(observation, code)?.valueQuantity?.value ?? null;
  const outcome = codeIn('tb-cad-outcome', observation.valueCodeableConcept) ?? 'not-read';
  const image = sourceImageOf(observation.derivedFrom?.[0]?.extension);
  return {
    id: report.id ?? '',
    consultation_id: idOf(report.encounter),
    image_path: image ? imagePath(image) : null,
    prediction: outcome === 'not-read' ? null : predictionOfOutcome[outcome],
    probability: number('probability'),
    confidence: number('confidence'),
    confidence_level:
      codeIn('confidence-level', componentOf(observation, 'confidence-level')?.valueCodeableConcept) ?? null,
    threshold: number('threshold'),
    interpretation: report.conclusion ?? null,
    recommendation: proposal?.code?.text ?? null,
    features_detected: (observation.component ?? []).flatMap(feature),
    model_version: modelVersion(device),
    created_at: observation.issued ?? null,
    patient_id: idOf(report.subject),
    outcome,
    not_read_reason: componentOf(observation, 'rejection-reason')?.valueCodeableConcept?.coding?.[0]?.code ?? null,
    status: report.status ?? 'unknown',
  };
}

function componentOf(observation: Observation, code: Code<'tb-cad'>): ObservationComponent | undefined {
  return observation.component?.find((each) => codeIn('tb-cad', each.code) === code);
}

function modelVersion(device: Device | undefined): string | null {
  return device?.version?.find((each) => codeIn('device', each.type) === 'version')?.value ?? null;
}

/** Whether a report is a model's reading and not one of the hospital's own. */
export function isPrediction(report: DiagnosticReport): boolean {
  return codeIn('tb-cad', report.code) === 'classification';
}

/** Where the reading's values are. */
export function observationIdOf(report: DiagnosticReport): string {
  return idOf(report.result?.[0]) ?? '';
}

/** What the reading recommends; empty when it recommends nothing. */
export function proposalIdOf(report: DiagnosticReport): string {
  const recommended = report.extension?.find(({ url }) => url === extension('recommendation'));
  return idOf(recommended?.valueReference) ?? '';
}
