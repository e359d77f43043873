/** What may be asked for in the query of the LIVEDOC API. */
import { z } from 'zod';

const id = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'This is no id.');

export const predictionQueryShape = z.strictObject({
  patient_id: id.optional(),
  consultation_id: id.optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
