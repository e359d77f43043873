/** A consultation as the LIVEDOC data model has it. */
import { z } from 'zod';

/** Units as in the names of the UCUM units: Cel, /min, mm[Hg], %, kg, cm, kg/m2. */
const vitalSignsShape = z.strictObject({
  temperature: z.number().optional(),
  frequence_cardiaque: z.number().optional(),
  frequence_respiratoire: z.number().optional(),
  tension_systolique: z.number().optional(),
  tension_diastolique: z.number().optional(),
  saturation_o2: z.number().optional(),
  poids: z.number().optional(),
  taille: z.number().optional(),
  imc: z.number().optional(),
});

const consultationShape = z.strictObject({
  id: z.string(),
  patient_id: z.string(),
  medecin_id: z.string().nullable(),
  date_consultation: z.string().nullable(),
  symptomes: z.string().nullable(),
  constantes_vitales: vitalSignsShape,
  notes_medecin: z.string().nullable(),
  status: z.enum(['EN_ATTENTE', 'EN_COURS', 'TERMINEE', 'ANNULEE']),
  created_at: z.string().nullable(),
  updated_at: z.string().nullable(),
});

export type VitalSigns = z.infer<typeof vitalSignsShape>;
export type ConsultationRow = z.infer<typeof consultationShape>;
