/** All that a reading writes beside patient, study and model: what the model says, what it proposes, where it looked, who did it. */
import type { Binary, CodeableConcept, Media, Provenance, Resource } from '@medplum/fhirtypes';
import { aiAsserted, codeSystem, profile, systems } from '../livedoc/canonical.ts';
import { toFhir } from '../livedoc/predictions.ts';
import { stableId } from '../livedoc/stable-id.ts';
import { type Code, concept, type Language, nameOf } from '../livedoc/terms.ts';
import { interpretation } from '../livedoc/wording.ts';
import type { Prediction } from '../shared/api/prediction.ts';
import { deviceId, type KnownModel, modelCardId } from './ai-device.ts';
import type { ImageFacts } from './image-facts.ts';
import { imagingStudyId } from './imaging-study.ts';
import { gateWarnings } from './quality-gate.ts';
import type { Reading } from './reading.ts';

export interface ReadingOf {
  readonly facts: ImageFacts;
  readonly reading: Exclude<Reading, { kind: 'no-image' }>;
  readonly model: KnownModel;
  readonly threshold: string;
  readonly patient: string;
  readonly encounter?: string;
  readonly tags: readonly Code<'tag'>[];
  readonly language: Language;
  readonly now: Date;
}

/** What is read at most once: an image by a model at a threshold; what no model can read, once for its whole series. */
export function reportId({
  facts,
  reading,
  model,
  threshold,
}: Pick<ReadingOf, 'facts' | 'reading' | 'model' | 'threshold'>) {
  const isForeign = reading.kind === 'not-read' && reading.reason === 'not-cr-dx';
  const unit = isForeign ? `${facts.study} ${facts.series}` : facts.instance;
  return stableId('DiagnosticReport', unit, model.identity.sha256, threshold);
}

/** In the order in which a reader wants them: the report first. */
export function readingResources(of: ReadingOf): Resource[] {
  const row = rowOf(of);
  const heatmap = of.reading.kind === 'read' ? of.reading.finding.heatmap : undefined;
  const shown: Resource[] = heatmap ? heatmapResources(of, row.id, heatmap.png) : [];
  const effective = of.facts.acquired ?? of.facts.studyStarted;
  const { observation, report, proposal } = toFhir(row, {
    observation: stableId('Observation', row.id),
    proposal: stableId('ServiceRequest', row.id),
    patient: of.patient,
    ...(of.encounter && { encounter: of.encounter }),
    study: `ImagingStudy/${imagingStudyId(of.facts.study)}`,
    device: `Device/${deviceId(of.model.identity)}`,
    ...(heatmap && { media: `Media/${mediaId(row.id)}` }),
    image: of.facts,
    ...(effective && { effective }),
    ...(of.reading.kind === 'read' && { calibration: of.reading.finding.threshold }),
    warnings: warningConcepts(of),
    tags: of.tags,
    language: of.language,
  });
  const made = [report, observation, ...(proposal ? [proposal] : []), ...shown];
  return [...made, provenanceOf(of, row.id, made)];
}

const mediaId = (report: string) => stableId('Media', report);

/** What makes the reading less certain: found by the quality gate, or in comparing image and record. */
function warningConcepts({ reading, tags, language }: ReadingOf): CodeableConcept[] {
  const at = language === 'fr' ? 0 : 1;
  const found = reading.warnings.map((code) => {
    const display = gateWarnings[code][at];
    return { coding: [{ system: codeSystem('reading-warning'), code, display }] };
  });
  return [...found, ...tags.map((tag) => concept('tag', tag, language))];
}

function warningsOf(of: ReadingOf): string[] {
  return warningConcepts(of).map(({ coding }) => (coding?.[0]?.display ?? '').replace(/[.]$/, ''));
}

/** Four digits are far finer than the calibration is. */
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

function rowOf(of: ReadingOf): Prediction {
  const { facts, reading, model, language, now } = of;
  const seen = reading.kind === 'read' ? seenRow(reading.finding) : unseenRow(reading.reason);
  const words = { ...seen, model: `${model.identity.name} ${model.identity.version}`, warnings: warningsOf(of) };
  const isSuspect = seen.outcome === 'positive' || seen.outcome === 'indeterminate';
  return {
    id: reportId(of),
    ...seen,
    interpretation: interpretation(words, language),
    recommendation: isSuspect ? nameOf('recommendation', 'molecular-test-sputum', language) : null,
    model_version: model.identity.version,
    created_at: now.toISOString(),
    consultation_id: of.encounter?.split('/')[1] ?? null,
    patient_id: of.patient.split('/')[1] ?? null,
    image_path: `/dicomweb/studies/${facts.study}/series/${facts.series}/instances/${facts.instance}`,
    status: 'preliminary',
  };
}

type Seen = Pick<
  Prediction,
  | 'outcome'
  | 'prediction'
  | 'probability'
  | 'threshold'
  | 'confidence'
  | 'confidence_level'
  | 'features_detected'
  | 'not_read_reason'
>;

function seenRow(finding: Extract<Reading, { kind: 'read' }>['finding']): Seen {
  return {
    outcome: finding.outcome,
    prediction: finding.outcome === 'indeterminate' ? null : finding.outcome === 'positive' ? 1 : 0,
    probability: rounded(finding.probability),
    threshold: finding.threshold.value,
    confidence: rounded(finding.confidence),
    confidence_level: finding.confidenceLevel,
    features_detected: finding.regions.map(({ zone, box, share }) => ({ zone, box, share: rounded(share) })),
    not_read_reason: null,
  };
}

function unseenRow(reason: string): Seen {
  return {
    outcome: 'not-read',
    prediction: null,
    probability: null,
    threshold: null,
    confidence: null,
    confidence_level: null,
    features_detected: [],
    not_read_reason: reason,
  };
}

const titles = {
  fr: "Carte de chaleur : indices trouvés par le modèle (carte d'activation de classe). Ce n'est pas une segmentation.",
  en: 'Heat map: where the model found its evidence (class activation map). Not a segmentation.',
} as const;

function heatmapResources(of: ReadingOf, report: string, png: Uint8Array): [Media, Binary] {
  const binary = stableId('Binary', report);
  const media: Media = {
    resourceType: 'Media',
    id: mediaId(report),
    meta: { profile: [profile('heat-map')], security: [{ ...aiAsserted }] },
    status: 'completed',
    type: { coding: [{ system: systems.mediaType, code: 'image', display: 'Image' }] },
    subject: { reference: of.patient },
    ...(of.encounter && { encounter: { reference: of.encounter } }),
    createdDateTime: of.now.toISOString(),
    device: { reference: `Device/${deviceId(of.model.identity)}` },
    content: { contentType: 'image/png', url: `Binary/${binary}`, size: png.length, title: titles[of.language] },
  };
  return [
    media,
    {
      resourceType: 'Binary',
      id: binary,
      contentType: 'image/png',
      securityContext: { reference: `DiagnosticReport/${report}` },
      data: Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString('base64'),
    },
  ];
}

/** These are the first versions of what was made: later ones are a physician's. */
function provenanceOf(of: ReadingOf, report: string, made: readonly Resource[]): Provenance {
  const target = made.filter(({ resourceType }) => resourceType !== 'Binary');
  return {
    resourceType: 'Provenance',
    id: stableId('Provenance', report),
    meta: { profile: [profile('reading-provenance')] },
    target: target.map(({ resourceType, id }) => ({ reference: `${resourceType}/${id}/_history/1` })),
    recorded: of.now.toISOString(),
    activity: concept('tb-cad', 'classification', of.language),
    agent: [
      {
        type: { coding: [{ system: systems.participant, code: 'assembler', display: 'Assembler' }] },
        who: { reference: `Device/${deviceId(of.model.identity)}` },
      },
    ],
    entity: [
      { role: 'source', what: { reference: `ImagingStudy/${imagingStudyId(of.facts.study)}` } },
      { role: 'source', what: { reference: `DocumentReference/${modelCardId(of.model.identity)}` } },
    ],
  };
}
