/**
 * The audit record of one reading: what was read, by which model with which threshold, what came out, how long it took.
 * https://eur-lex.europa.eu/eli/reg/2024/1689 Article 12 asks for such logs of high-risk systems.
 */

import type { AuditRecord } from '../store/audit/record.ts';
import type { DicomInstance } from '../store/dicom/instance.ts';
import { deviceId } from './ai-device.ts';
import type { LookedAt } from './reading.ts';
import type { ReadingOf } from './reading-resources.ts';

/** Enough for every real file; one made to fill the trail is cut. */
const longestNote = 2000;

export function inferenceRecord(
  of: ReadingOf & { readonly instance: DicomInstance; readonly report: string } & Pick<LookedAt, 'notes' | 'rendering'>,
): AuditRecord {
  const { model, reading, instance, report } = of;
  const read = reading.kind === 'read';
  const { name, version, sha256, runtime } = model.identity;
  return {
    type: 'inference',
    subtype: read ? 'read' : 'not-read',
    action: 'E',
    outcome: '0',
    ...(read ? {} : { outcomeText: reading.detail }),
    recorded: of.now,
    client: { reference: `Device/${deviceId(model.identity)}`, name: `${name} ${version}` },
    entities: [
      {
        reference: report,
        detail: {
          instance: instance.sopInstance,
          digest: instance.digest,
          model: `${name} ${version}`,
          weights: sha256,
          runtime,
          threshold: of.threshold,
          ...(read ? figures(reading.finding) : { reason: reading.reason }),
          ...(reading.warnings.length > 0 && { warnings: reading.warnings.join(' ') }),
          ...(of.rendering && { rendering: of.rendering }),
          ...(of.notes && of.notes.length > 0 && { notes: of.notes.join(' ').slice(0, longestNote) }),
        },
      },
    ],
    patients: [of.patient],
  };
}

function figures(finding: Extract<ReadingOf['reading'], { kind: 'read' }>['finding']): Record<string, string> {
  const { outcome, logit, probability, threshold, distance, milliseconds } = finding;
  const { preprocess, run, postprocess } = milliseconds;
  return {
    outcome,
    logit: String(logit),
    probability: String(probability),
    thresholdValue: String(threshold.value),
    ...(distance === undefined ? {} : { distance: String(distance) }),
    milliseconds: String(Math.round(preprocess + run + postprocess)),
  };
}
