/** Break-the-glass in the JSON API: what is asked, and what is told of it. */
import { z } from 'zod';

/** Codes of https://livedoc.health/fhir/CodeSystem/break-the-glass-reason. */
export const glassReasons = [
  'vital-emergency',
  'unable-to-consent',
  'continuity-of-care',
  'contagion-risk',
  'patient-request',
] as const;

const explanation = z.string().trim().min(10).max(1000);

export const glassRequestShape = z
  .strictObject({
    patient_id: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/),
    reason: z.enum(glassReasons),
    explanation: explanation.describe('In words, 10 to 1000 characters.'),
    minutes: z.int().min(1).max(480).optional().describe('Absent: the longest time that this server allows.'),
    password: z.string().min(1).max(1024).describe("The person's own, again."),
    code: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Of the second factor, where the account has one; or a recovery code.'),
  })
  .describe('A person opens the closed record of one patient in an emergency.');

/** The same from the page's form: numbers come as text, and what was left empty is not asked for. */
export const glassFormShape = z.preprocess((fields) => {
  const { csrf: _, patient, minutes, code, ...rest } = fields as Record<string, unknown>;
  return {
    ...rest,
    patient_id: patient,
    ...(minutes === '' ? {} : { minutes: Number(minutes) }),
    ...(code === '' ? {} : { code }),
  };
}, glassRequestShape);

export const glassReviewShape = z.strictObject({
  verdict: z.enum(['justified', 'not-justified', 'follow-up']),
  comment: z.string().trim().min(1).max(1000),
});

export const glassQueryShape = z.strictObject({
  status: z.enum(['open', 'to-review', 'reviewed', 'all']).default('all'),
  _count: z.coerce.number().int().min(1).max(200).default(50),
  _offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

export const glassShape = z.object({
  id: z.string(),
  user_id: z.string(),
  nom: z.string(),
  prenom: z.string(),
  patient_id: z.string(),
  reason: z.string(),
  explanation: z.string(),
  client: z.string(),
  status: z.enum(['open', 'ended', 'expired']),
  opened_at: z.string(),
  expires_at: z.string(),
  ended_at: z.string().nullable(),
  verdict: z.enum(['justified', 'not-justified', 'follow-up']).nullable(),
  comment: z.string().nullable(),
  reviewed_by: z.string().nullable(),
  reviewed_at: z.string().nullable(),
});

/** A restriction of a record, and the end of a Consent, with the reason that the audit trail keeps. */
export const restrictionShape = z.strictObject({
  restricted: z.boolean(),
  reason: z.string().trim().min(10).max(1000),
});
export const restrictedShape = z.object({ patient_id: z.string(), restricted: z.boolean() });

export const consentEndShape = z.strictObject({ reason: z.string().trim().min(10).max(1000) });
export const consentEndedShape = z.object({ id: z.string(), status: z.string() });

export type GlassRequest = z.infer<typeof glassRequestShape>;
export type GlassReviewRequest = z.infer<typeof glassReviewShape>;
export type GlassQueryRequest = z.infer<typeof glassQueryShape>;
export type GlassView = z.infer<typeof glassShape>;
export type RestrictionRequest = z.infer<typeof restrictionShape>;
export type ConsentEndRequest = z.infer<typeof consentEndShape>;
