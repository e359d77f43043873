/** A model's reading of one image as the LIVEDOC API shows it: the columns of the data model, and what they leave out. */
import { z } from 'zod';

const share = z.number().min(0).max(1);

const featureShape = z
  .strictObject({
    zone: z.enum(['right-upper', 'right-middle', 'right-lower', 'left-upper', 'left-middle', 'left-lower']),
    box: z
      .strictObject({
        x: z.number().int(),
        y: z.number().int(),
        width: z.number().int().positive(),
        height: z.number().int().positive(),
      })
      .describe('In pixels of the image that was read, from its top left corner.'),
    share: share.describe("Part of the image's evidence for the disease that lies in this zone."),
  })
  .describe("The patient's right lung is on the left of the image.");

export const predictionShape = z.strictObject({
  id: z.string(),
  consultation_id: z.string().nullable(),
  image_path: z.string().nullable().describe('The image in DICOMweb, below the server.'),
  prediction: z
    .union([z.literal(0), z.literal(1)])
    .nullable()
    .describe('0 normal, 1 tuberculosis; null when the model could not tell or did not read the image.'),
  probability: share.nullable(),
  confidence: share.nullable(),
  confidence_level: z.enum(['FAIBLE', 'MOYEN', 'ELEVE']).nullable(),
  threshold: share.nullable(),
  interpretation: z.string().nullable(),
  recommendation: z.string().nullable(),
  features_detected: z.array(featureShape),
  model_version: z.string().nullable(),
  created_at: z.iso.datetime({ offset: true }).nullable(),
  patient_id: z.string().nullable(),
  outcome: z.enum(['positive', 'negative', 'indeterminate', 'not-read']),
  not_read_reason: z.string().nullable().describe('Code of the reason for which the image was not read.'),
  status: z
    .string()
    .describe('Status of the FHIR DiagnosticReport of the same id: preliminary until a physician speaks.'),
});

export type Feature = z.infer<typeof featureShape>;
export type Prediction = z.infer<typeof predictionShape>;
