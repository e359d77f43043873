/**
 * What an application was launched with, under the grant that its tokens belong to.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
 */
import type { Database } from '../store.ts';

/** What is in context besides the patient, by reference, canonical URL or identifier. */
export type FhirContextItem = Readonly<Record<string, unknown>>;

export interface LaunchContext {
  /** Id of the Patient. */
  readonly patient: string | null;
  /** Id of the Encounter. */
  readonly encounter: string | null;
  readonly fhirContext: readonly FhirContextItem[] | null;
  readonly needPatientBanner: boolean;
  /** Null: this server's own. */
  readonly smartStyleUrl: string | null;
  readonly intent: string | null;
  readonly tenant: string | null;
}

export interface NewLaunchContext extends LaunchContext {
  readonly grantId: string;
  readonly userId: string;
  /** The client that made the launch; null when the person chose the context. */
  readonly createdBy: string | null;
  readonly expiresInSeconds: number;
}

/** The columns that a context and a handle have both. */
export const contextColumns = `patient, encounter, fhir_context as "fhirContext", need_patient_banner as "needPatientBanner",
  smart_style_url as "smartStyleUrl", intent, tenant`;

/** The values of `contextColumns`, in their order. */
export function contextValues(context: LaunchContext): unknown[] {
  const { patient, encounter, fhirContext, needPatientBanner, smartStyleUrl, intent, tenant } = context;
  const items = fhirContext && JSON.stringify(fhirContext);
  return [patient, encounter, items, needPatientBanner, smartStyleUrl, intent, tenant];
}

/** A grant keeps the context that it was given first. */
export async function insertLaunchContext(db: Database, context: NewLaunchContext): Promise<void> {
  const { grantId, userId, createdBy, expiresInSeconds } = context;
  await db.query({
    name: 'launch-context-insert',
    text: `insert into launch_context (patient, encounter, fhir_context, need_patient_banner, smart_style_url, intent,
        tenant, grant_id, user_id, created_by, expires_at)
      values ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9::uuid, $10, now() + $11::double precision * interval '1 second')
      on conflict (grant_id) do nothing`,
    values: [...contextValues(context), grantId, userId, createdBy, expiresInSeconds],
  });
}

/** Undefined for a grant that has no context. */
export async function findLaunchContext(db: Database, grantId: string): Promise<LaunchContext | undefined> {
  const [row] = await db.query<LaunchContext>({
    name: 'launch-context',
    text: `select ${contextColumns} from launch_context where grant_id = $1 and expires_at > now()`,
    values: [grantId],
  });
  return row;
}
