/**
 * Validations as FHIR and back: a Provenance whose verifier is the physician, on the version of the report that was looked at.
 * https://hl7.org/fhir/R4/provenance.html
 */
import type { Provenance, Signature } from '@medplum/fhirtypes';
import type { Validation } from '../shared/api/validation.ts';
import { extension, profile, sid, systems } from './canonical.ts';
import { diagnosisConcept, diagnosisMeant } from './final-diagnosis.ts';
import { codeIn, concept, type Language } from './terms.ts';

export interface ValidationLinks {
  /** `DiagnosticReport/id/_history/n` and that of the Observation. */
  readonly looked: readonly string[];
  /** `Practitioner/...` */
  readonly physician: string;
  readonly physicianName: string;
  readonly signature: Signature;
  readonly language: Language;
}

export function toFhir(row: Validation, links: ValidationLinks): Provenance {
  const { physician, physicianName, signature, language } = links;
  return {
    resourceType: 'Provenance',
    id: row.id,
    meta: { profile: [profile('validation-provenance')] },
    ...(row.diagnostic_final && {
      extension: [
        {
          url: extension('final-diagnosis'),
          valueCodeableConcept: diagnosisConcept(diagnosisMeant(row.diagnostic_final), language),
        },
      ],
    }),
    target: links.looked.map((reference) => ({ reference })),
    occurredDateTime: row.created_at,
    recorded: row.created_at,
    ...(row.commentaire && { reason: [{ text: row.commentaire }] }),
    activity: concept('validation-status', row.validation_status, language),
    agent: [
      {
        type: { coding: [{ system: systems.participant, code: 'verifier', display: 'Verifier' }] },
        who: {
          reference: physician,
          ...(row.medecin_id && { identifier: { system: sid('user'), value: row.medecin_id } }),
          display: physicianName,
        },
      },
    ],
    signature: [signature],
  };
}

/** `undefined` for a Provenance that is no validation. */
export function fromFhir(provenance: Provenance): Validation | undefined {
  const validation_status = codeIn('validation-status', provenance.activity);
  const target = provenance.target?.find(({ reference }) => reference?.startsWith('DiagnosticReport/'))?.reference;
  if (!validation_status || !target) return undefined;
  const who = provenance.agent?.[0]?.who;
  const diagnosis = provenance.extension?.find(({ url }) => url === extension('final-diagnosis'));
  return {
    id: provenance.id ?? '',
    prediction_id: target.split('/')[1] ?? '',
    medecin_id: who?.identifier?.value ?? who?.reference?.split('/')[1] ?? null,
    validation_status,
    commentaire: provenance.reason?.[0]?.text ?? null,
    diagnostic_final: diagnosis?.valueCodeableConcept?.text ?? null,
    created_at: provenance.recorded ?? '',
  };
}

/** Who gave a validation, as its Provenance names them. */
export function validatorOf({ agent }: Provenance): string {
  const who = agent?.[0]?.who;
  return who?.display ?? who?.reference ?? 'somebody';
}
