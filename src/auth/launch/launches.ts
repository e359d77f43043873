/**
 * Launch contexts within an authorization: the handle that an EHR made, or what the person chooses, becomes the context of
 * the grant. http://hl7.org/fhir/smart-app-launch/app-launch.html, .../scopes-and-launch-context.html
 */
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Access } from '../../fhir/access.ts';
import type { AuditRecord } from '../../store/audit/record.ts';
import { findLaunchContext, insertLaunchContext, type LaunchContext } from '../../store/launch/context.ts';
import {
  findPresentedHandle,
  type LaunchHandle,
  presentLaunchHandle,
  useLaunchHandle,
} from '../../store/launch/handle.ts';
import type { Store } from '../../store/store.ts';
import type { PersonAccount } from '../account.ts';
import { personAgent } from '../agents.ts';
import { lifetimes } from '../lifetimes.ts';
import { needsOf, pickedOf } from './needs.ts';
import type { PersonAccess } from './person-access.ts';
import { smartStylePath } from './style.ts';

export interface LaunchDeps {
  readonly store: Store;
  /** The FHIR base. */
  readonly base: string;
  /** URL of the server without a trailing slash. */
  readonly publicUrl: string;
  readonly personAccess: PersonAccess;
}

export interface Launches {
  /** Checks the parameter `launch` of an authorization request. Throws OAuth errors. */
  check(ctx: KoaContextWithOIDC, handle: string | undefined, client: Client): Promise<void>;
  /** Whether the person has to choose a patient or an encounter yet. Throws OAuth errors. */
  needsChoice(ctx: KoaContextWithOIDC): Promise<boolean>;
  /** The last step before the code: the grant gets its context, the handle is used. Throws OAuth errors. */
  settle(ctx: KoaContextWithOIDC): Promise<void>;
  /** The members that a token response and an introspection have of the grant's context. */
  members(grantId: string): Promise<Readonly<Record<string, unknown>>>;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const words = (value: unknown) => text(value).split(' ').filter(Boolean);

/** The same words for all handles that are of no use, so that nobody learns which there were. */
const noSuchLaunch = () => new errors.InvalidRequest('launch is not known here, was used or has expired', 400);

const memberNames = [
  'patient',
  'encounter',
  'fhirContext',
  'need_patient_banner',
  'smart_style_url',
  'intent',
  'tenant',
] as const;

/** Those of an access token's extra claims that the token response repeats. */
export function launchMembers(extra: unknown): Readonly<Record<string, unknown>> {
  const all = (extra ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(memberNames.filter((name) => name in all).map((name) => [name, all[name]]));
}

/** Throws the OAuth error for a person who may see no patient at all. */
export function demandPatients(access: Pick<Access, 'may'>): void {
  if (access.may('s', 'Patient') && access.may('r', 'Patient')) return;
  throw new errors.AccessDenied('this person may see no patient');
}

function recordOf(ctx: KoaContextWithOIDC, patient: string): Omit<AuditRecord, 'type' | 'outcome'> {
  const { client, account } = ctx.oidc;
  const user = (account as PersonAccount | undefined)?.user;
  const requestId = ctx.get('x-request-id');
  return {
    subtype: 'launch',
    action: 'E',
    recorded: new Date(),
    client: { name: client?.clientName ?? 'unknown client' },
    ...(user ? { user: personAgent(user) } : {}),
    address: ctx.ip,
    entities: [{ reference: `Patient/${patient}` }],
    patients: [`Patient/${patient}`],
    ...(requestId ? { requestId } : {}),
  };
}

/** Puts somebody else's handle into the trail, and ends the request. */
async function refuseStranger(
  { store }: LaunchDeps,
  ctx: KoaContextWithOIDC,
  { patient }: LaunchHandle,
): Promise<never> {
  const outcomeText = 'the launch was made for another person';
  await store.audit.append({ ...recordOf(ctx, patient), type: 'access-denied', outcome: '4', outcomeText });
  throw new errors.AccessDenied(outcomeText);
}

async function check(
  deps: LaunchDeps,
  ctx: KoaContextWithOIDC,
  handle: string | undefined,
  client: Client,
): Promise<void> {
  if (handle === undefined) return;
  const { params, session, prompts } = ctx.oidc;
  if (!words(params?.['scope']).includes('launch')) {
    throw new errors.InvalidRequest('launch needs the scope launch, and a client that is registered for it', 400);
  }
  const found = await presentLaunchHandle(deps.store.db, handle, client.clientId);
  if (!found) throw noSuchLaunch();
  const isOthers = session?.accountId !== undefined && session.accountId !== found.userId;
  if (isOthers && !prompts.has('login')) await refuseStranger(deps, ctx, found);
}

/** The handle that this sign-in was begun with. */
async function handleOf(deps: LaunchDeps, ctx: KoaContextWithOIDC): Promise<LaunchHandle | undefined> {
  const { params, account, client } = ctx.oidc;
  const handle = params?.['launch'];
  if (typeof handle !== 'string') return undefined;
  const found = await findPresentedHandle(deps.store.db, handle, lifetimes.Interaction);
  if (!found || found.clientId !== client?.clientId) throw noSuchLaunch();
  return found.userId === account?.accountId ? found : refuseStranger(deps, ctx, found);
}

async function needsChoice(deps: LaunchDeps, ctx: KoaContextWithOIDC): Promise<boolean> {
  const { params, result, account, client } = ctx.oidc;
  const handle = await handleOf(deps, ctx);
  const needs = needsOf(words(params?.['scope']));
  const picked = pickedOf(result);
  const hasPatient = (handle?.patient ?? picked.patient) !== undefined;
  const hasEncounter = (handle?.encounter ?? picked.encounter) !== undefined;
  if ((!needs.patient || hasPatient) && (!needs.encounter || hasEncounter)) return false;
  const { user } = account as PersonAccount;
  demandPatients(await deps.personAccess(user, { clientName: client?.clientName ?? '' }));
  return true;
}

/** What the granted words leave of a context. */
function granted(context: LaunchContext, given: readonly string[]): LaunchContext {
  if (given.includes('launch')) return context;
  const encounter = given.includes('launch/encounter') ? context.encounter : null;
  return { ...context, encounter, fhirContext: null, intent: null };
}

type Settled = LaunchContext & { readonly createdBy: string | null };

/** Of the handle, which is used herewith, or of the person's choice. */
async function contextFor(
  { store }: LaunchDeps,
  ctx: KoaContextWithOIDC,
  grantId: string,
  userId: string,
): Promise<Settled> {
  const { params, client, result } = ctx.oidc;
  const { patient = null, encounter = null } = pickedOf(result);
  const handle = params?.['launch'];
  if (typeof handle !== 'string') {
    const nothing = { fhirContext: null, smartStyleUrl: null, intent: null, tenant: null, createdBy: null };
    return { patient, encounter, needPatientBanner: true, ...nothing };
  }
  const use = { handle, clientId: client?.clientId ?? '', userId, grantId, seconds: lifetimes.Interaction };
  const used = await useLaunchHandle(store.db, use);
  if (!used) throw noSuchLaunch();
  return { ...used, encounter: used.encounter ?? encounter };
}

async function settle(deps: LaunchDeps, ctx: KoaContextWithOIDC): Promise<void> {
  const { grant, requestParamScopes, account } = ctx.oidc;
  if (!grant?.jti || !account) return;
  const given = grant.getResourceScopeFiltered(deps.base, requestParamScopes).split(' ');
  const { createdBy, ...context } = await contextFor(deps, ctx, grant.jti, account.accountId);
  const kept = granted(context, given);
  const { patient } = kept;
  if (patient === null || !(given.includes('launch') || needsOf(given).patient)) return;
  const whose = { grantId: grant.jti, userId: account.accountId, createdBy, expiresInSeconds: lifetimes.Grant };
  await deps.store.transaction(async (tx) => {
    await insertLaunchContext(tx.db, { ...kept, ...whose });
    await tx.audit.append({ ...recordOf(ctx, patient), type: 'token', outcome: '0' });
  });
}

async function members({ store, publicUrl }: LaunchDeps, grantId: string): Promise<Readonly<Record<string, unknown>>> {
  const context = await findLaunchContext(store.db, grantId);
  if (!context) return {};
  const { patient, encounter, fhirContext, needPatientBanner, smartStyleUrl, intent, tenant } = context;
  return {
    ...(patient !== null && { patient }),
    ...(encounter !== null && { encounter }),
    ...(fhirContext !== null && { fhirContext }),
    need_patient_banner: needPatientBanner,
    smart_style_url: smartStyleUrl ?? `${publicUrl}${smartStylePath}`,
    ...(intent !== null && { intent }),
    ...(tenant !== null && { tenant }),
  };
}

export function launchesOf(deps: LaunchDeps): Launches {
  return {
    check: (ctx, handle, client) => check(deps, ctx, handle, client),
    needsChoice: (ctx) => needsChoice(deps, ctx),
    settle: (ctx) => settle(deps, ctx),
    members: (grantId) => members(deps, grantId),
  };
}
