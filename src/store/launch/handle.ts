/** The handles by which an EHR hands a context over to an application: short-lived, for one person and one use. */
import { idHash } from '../oidc/artifact.ts';
import type { Database } from '../store.ts';
import { contextColumns, contextValues, type LaunchContext } from './context.ts';

export interface LaunchHandle extends LaunchContext {
  readonly patient: string;
  readonly clientId: string;
  readonly userId: string;
  /** The client that made it. */
  readonly createdBy: string;
}

export interface NewLaunchHandle extends LaunchHandle {
  readonly handle: string;
  readonly expires: Date;
}

const columns = `${contextColumns}, client_id as "clientId", user_id as "userId", created_by as "createdBy"`;

export async function insertLaunchHandle(db: Database, launch: NewLaunchHandle): Promise<void> {
  await db.query({
    text: `insert into launch_handle (patient, encounter, fhir_context, need_patient_banner, smart_style_url, intent,
        tenant, id_hash, client_id, user_id, created_by, expires_at)
      values ($1, $2, $3::jsonb, $4, $5, $6, $7, $8, $9, $10::uuid, $11, $12)`,
    values: [
      ...contextValues(launch),
      idHash(launch.handle),
      launch.clientId,
      launch.userId,
      launch.createdBy,
      launch.expires,
    ],
  });
}

/** Notes that it was brought in time. Undefined for one that is unknown, used, expired or for another client. */
export async function presentLaunchHandle(
  db: Database,
  handle: string,
  clientId: string,
): Promise<LaunchHandle | undefined> {
  const [row] = await db.query<LaunchHandle>({
    text: `update launch_handle set presented_at = coalesce(presented_at, now())
      where id_hash = $1 and client_id = $2 and grant_id is null and expires_at > now() returning ${columns}`,
    values: [idHash(handle), clientId],
  });
  return row;
}

/** Of the condition under which one that was brought in time is good while the sign-in lasts. */
const pending = `grant_id is null and presented_at > now() - $2::double precision * interval '1 second'`;

/** One that was brought at most `seconds` ago and is not used. */
export async function findPresentedHandle(
  db: Database,
  handle: string,
  seconds: number,
): Promise<LaunchHandle | undefined> {
  const [row] = await db.query<LaunchHandle>({
    text: `select ${columns} from launch_handle where id_hash = $1 and ${pending}`,
    values: [idHash(handle), seconds],
  });
  return row;
}

export interface HandleUse {
  readonly handle: string;
  /** How long ago it may have been brought. */
  readonly seconds: number;
  readonly clientId: string;
  readonly userId: string;
  readonly grantId: string;
}

/** Uses it for one grant: of many at once, in any number of processes, one has it. Undefined for all others. */
export async function useLaunchHandle(db: Database, use: HandleUse): Promise<LaunchHandle | undefined> {
  const { handle, seconds, clientId, userId, grantId } = use;
  const [row] = await db.query<LaunchHandle>({
    text: `update launch_handle set grant_id = $5
      where id_hash = $1 and ${pending} and client_id = $3 and user_id = $4::uuid returning ${columns}`,
    values: [idHash(handle), seconds, clientId, userId, grantId],
  });
  return row;
}
