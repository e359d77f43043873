/** What an administrator sees of a person's second factors. */
import { z } from 'zod';

export const secondFactorShape = z.strictObject({
  factors: z.array(
    z.strictObject({
      id: z.uuid(),
      kind: z.enum(['totp', 'webauthn']),
      name: z.string().describe('What its owner calls it.'),
      created_at: z.iso.datetime(),
      last_used_at: z.iso.datetime().nullable(),
    }),
  ),
  recovery_codes_left: z.number().int().nullable().describe('null: none were ever made.'),
});
