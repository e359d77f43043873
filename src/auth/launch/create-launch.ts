/**
 * Makes the handle by which an EHR launches an application for a patient that is open in it.
 * http://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
 */
import { randomBytes } from 'node:crypto';
import type { Context } from '../../fhir/context.ts';
import { FhirError } from '../../shared/errors.ts';
import { findUser, findUserByEmail, type User } from '../../store/accounts/users.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import type { FhirContextItem } from '../../store/launch/context.ts';
import { insertLaunchHandle } from '../../store/launch/handle.ts';
import { findClient, type StoredClient } from '../../store/oidc/clients.ts';
import { actorOf } from '../actor.ts';
import { demandReadable, readEncounter, readPatient } from './find-records.ts';
import type { PersonAccess } from './person-access.ts';

/** What is asked to be launched. */
export interface LaunchAsked {
  readonly clientId: string;
  /** Id of the Patient. */
  readonly patient: string;
  /** Id of one of its Encounters. */
  readonly encounter?: string | undefined;
  readonly fhirContext?: readonly FhirContextItem[] | undefined;
  readonly needPatientBanner?: boolean | undefined;
  readonly smartStyleUrl?: string | undefined;
  readonly intent?: string | undefined;
  readonly tenant?: string | undefined;
  /** For whom, by id or email of the account: of a backend only, a person launches for himself. */
  readonly user?: string | undefined;
}

export interface CreatedLaunch {
  readonly launch: string;
  /** Where the browser goes. */
  readonly launchUrl: string;
  readonly expires: Date;
}

const handleBytes = 32;
/** The browser goes there at once. */
const launchSeconds = 300;

/** An application that may be launched from an EHR. Throws FhirError `unprocessable`. */
async function launchable(
  { store }: Context,
  clientId: string,
): Promise<StoredClient & { readonly launchUrl: string }> {
  const client = await findClient(store.db, clientId);
  const problem = !client
    ? `There is no client ${clientId}.`
    : client.launchUrl === null
      ? 'The client is registered without a launch URL.'
      : client.scope.split(' ').includes('launch')
        ? undefined
        : 'The client is not registered for the scope launch.';
  if (!client?.launchUrl || problem) {
    throw new FhirError('unprocessable', problem ?? '', { expression: ['client_id'] });
  }
  return { ...client, launchUrl: client.launchUrl };
}

/** The person who will sign in. Throws FhirError `forbidden` for another than the caller, `unprocessable` for none. */
async function personFor({ access, store }: Context, named: string | undefined): Promise<User> {
  const { userId } = access.caller;
  if (userId === undefined && named === undefined) {
    throw new FhirError('unprocessable', 'A system names the user that it launches for.', { expression: ['user'] });
  }
  const sought = named ?? userId ?? '';
  const user = sought.includes('@') ? await findUserByEmail(store.db, sought) : await findUser(store.db, sought);
  if (userId !== undefined && user?.id !== userId) {
    throw new FhirError('forbidden', 'A person launches applications for nobody else.', { expression: ['user'] });
  }
  if (user?.status === 'ACTIVE') return user;
  throw new FhirError('unprocessable', 'user is no active account.', { expression: ['user'] });
}

/** SMART 2.2: a Patient or Encounter is in context by its own parameter, and among the others only in another role. */
function checkItem({ reference, role }: FhirContextItem): void {
  const isMain = /^(Patient|Encounter)\//.test(String(reference ?? '')) && (role === undefined || role === 'launch');
  if (!isMain) return;
  const message = `${String(reference)} belongs into patient or encounter, or needs a role.`;
  throw new FhirError('unprocessable', message, { expression: ['fhirContext'] });
}

/** Whoever launches, and whoever it is for, may read all that is in context. */
async function demandContext(context: Context, { patient, encounter, fhirContext = [] }: LaunchAsked): Promise<void> {
  await readPatient(context, patient);
  if (encounter !== undefined) await readEncounter(context, encounter, patient);
  for (const { reference } of fhirContext) {
    if (typeof reference === 'string') await demandReadable(context, reference);
  }
}

/** `clientUrl` with what SMART adds to it; what it has already stays. */
function launchUrlOf(clientUrl: string, base: string, launch: string): string {
  const url = new URL(clientUrl);
  url.searchParams.set('iss', base);
  url.searchParams.set('launch', launch);
  return url.href;
}

type Told = Pick<AuditRecord, 'type' | 'outcome' | 'outcomeText'>;

function recordOf({ access, now }: Context, { patient, clientId }: LaunchAsked, told: Told): AuditRecord {
  const reference = `Patient/${patient}`;
  return {
    ...told,
    subtype: 'launch',
    action: 'C',
    recorded: now(),
    ...actorOf(access.caller),
    entities: [{ reference }, { detail: { client_id: clientId } }],
    patients: [reference],
  };
}

/** Whether all of it may be launched, and for whom. Throws FhirError, see `createLaunch`. */
async function judged(context: Context, asked: LaunchAsked, personAccess: PersonAccess) {
  const { caller } = context.access;
  if (!context.access.mayUse('launches')) throw new FhirError('forbidden', 'This caller may not launch applications.');
  const client = await launchable(context, asked.clientId);
  const user = await personFor(context, asked.user);
  asked.fhirContext?.forEach(checkItem);
  await demandContext(context, asked);
  if (caller.userId === undefined) {
    const own = await personAccess(user, { ...caller, clientName: caller.client.name });
    await demandContext({ ...context, access: own }, asked);
  }
  return { client, user };
}

async function judgedAndTold(context: Context, asked: LaunchAsked, personAccess: PersonAccess) {
  try {
    return await judged(context, asked, personAccess);
  } catch (error) {
    if (error instanceof FhirError) {
      const type = error.kind === 'forbidden' ? 'access-denied' : 'api';
      await context.store.audit.append(recordOf(context, asked, { type, outcome: '4', outcomeText: error.message }));
    }
    throw error;
  }
}

/**
 * The handle and where it leads. Throws FhirError `forbidden` (launches, or another user), `notFound` (patient, encounter or
 * what else the caller or the user may not see), `unprocessable` (client, user, context).
 */
export async function createLaunch(
  context: Context,
  asked: LaunchAsked,
  personAccess: PersonAccess,
): Promise<CreatedLaunch> {
  const { access, store, base, now } = context;
  const { client, user } = await judgedAndTold(context, asked, personAccess);
  const launch = randomBytes(handleBytes).toString('base64url');
  const expires = new Date(now().getTime() + launchSeconds * 1000);
  await store.transaction(async (tx) => {
    await insertLaunchHandle(tx.db, {
      handle: launch,
      clientId: client.clientId,
      userId: user.id,
      patient: asked.patient,
      encounter: asked.encounter ?? null,
      fhirContext: asked.fhirContext ?? null,
      needPatientBanner: asked.needPatientBanner ?? true,
      smartStyleUrl: asked.smartStyleUrl ?? null,
      intent: asked.intent ?? null,
      tenant: asked.tenant ?? null,
      createdBy: access.caller.clientId ?? access.caller.client.name,
      expires,
    });
    await tx.audit.append(recordOf(context, asked, { type: 'api', outcome: '0' }));
  });
  return { launch, launchUrl: launchUrlOf(client.launchUrl, base, launch), expires };
}
