/** A physician's word on a prediction, as it is posted to the LIVEDOC API and as it comes back. */
import { z } from 'zod';

const words = z.string().trim().min(1);

export const validationRequestShape = z
  .strictObject({
    validation_status: z
      .enum(['VALIDE', 'REJETE', 'MODIFIE'])
      .describe('VALIDE agrees with the reading, MODIFIE replaces its conclusion, REJETE withdraws it.'),
    commentaire: words.max(4000).nullish(),
    diagnostic_final: words
      .max(1000)
      .nullish()
      .describe(
        'Code or name in https://livedoc.health/fhir/CodeSystem/final-diagnosis, or free text. MODIFIE needs it.',
      ),
  })
  .refine((body) => body.validation_status !== 'MODIFIE' || body.diagnostic_final, {
    path: ['diagnostic_final'],
    error: 'MODIFIE needs the diagnosis that replaces the conclusion.',
  });

export const validationShape = z.strictObject({
  id: z.string(),
  prediction_id: z.string(),
  medecin_id: z.string().nullable().describe("The physician's account, or the Practitioner when there is none."),
  validation_status: z.enum(['VALIDE', 'REJETE', 'MODIFIE']),
  commentaire: z.string().nullable(),
  diagnostic_final: z.string().nullable(),
  created_at: z.iso.datetime({ offset: true }),
});

export type ValidationRequest = z.infer<typeof validationRequestShape>;
export type Validation = z.infer<typeof validationShape>;
