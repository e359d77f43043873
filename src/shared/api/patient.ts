/** A patient as the LIVEDOC data model has it. */
import { z } from 'zod';

const patientShape = z.strictObject({
  id: z.string(),
  numero_dossier: z.string().nullable(),
  nom: z.string().nullable(),
  prenom: z.string().nullable(),
  date_naissance: z.string().nullable().describe('YYYY-MM-DD, or less where less is known.'),
  sexe: z.enum(['M', 'F']).nullable().describe('null for what the data model has no word for.'),
  telephone: z.string().nullable(),
  adresse: z.string().nullable(),
  created_at: z.string().nullable(),
  updated_at: z.string().nullable(),
});

export type PatientRow = z.infer<typeof patientShape>;
