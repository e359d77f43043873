/**
 * A launch of an application, as an EHR asks for it; the names of the context are SMART's own.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
 */
import { z } from 'zod';

const id = z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/, 'This is no id.');
const word = z.string().min(1).max(256);

const item = z
  .strictObject({
    reference: z
      .string()
      .regex(/^[A-Z][A-Za-z]{1,63}\/[A-Za-z0-9\-.]{1,64}$/, 'This is no relative reference.')
      .optional(),
    canonical: z.url().max(1024).optional(),
    identifier: z.strictObject({ system: z.string().max(1024).optional(), value: word }).optional(),
    type: z
      .string()
      .regex(/^[A-Z][A-Za-z]{1,63}$/, 'This is no resource type.')
      .optional(),
    role: z.string().min(1).max(1024).optional(),
  })
  .refine(
    ({ reference, canonical, identifier }) => Boolean(reference ?? canonical ?? identifier),
    'reference, canonical or identifier is needed.',
  );

export const launchRequestShape = z.strictObject({
  client_id: word.describe('The application: it is registered with a launch URL and the scope launch.'),
  patient: id.describe('Id of the Patient.'),
  encounter: id.optional().describe('Id of one of its Encounters.'),
  fhirContext: z.array(item).max(20).optional(),
  need_patient_banner: z.boolean().optional().describe('Absent: true.'),
  smart_style_url: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .optional()
    .describe('Absent: the style of this server.'),
  intent: word.optional(),
  tenant: word.optional(),
  user: word.optional().describe('Id or email of the account that will sign in. Of systems only.'),
});

export type LaunchRequest = z.infer<typeof launchRequestShape>;

export const launchShape = z.strictObject({
  launch: z.string(),
  launch_url: z.url().describe('Where the browser goes, with iss and launch.'),
  expires: z.iso.datetime(),
});
