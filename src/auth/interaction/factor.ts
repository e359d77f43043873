/**
 * The second factor of a sign-in: after the first was right, for accounts that have one or whose role needs one, and for
 * applications that ask for two (`acr_values`). Whoever has a session with one factor is asked for the other alone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import { findUser, type User } from '../../store/accounts/users.ts';
import { checkFactor } from '../factors/check.ts';
import type { FactorDeps, FactorPeer } from '../factors/deps.ts';
import { addFactor, type Enrolment, type NewDevice, newDevice, newKeyOptions, sameDevice } from '../factors/enrol.ts';
import { endHalf, type HalfDone, halfOf, keepHalf, ofSignIn } from '../factors/half-done.ts';
import { askable, hasFactors, needsSecondFactor } from '../factors/manage.ts';
import { acrOf, asksMultiFactor, isMultiFactor, withSecondFactor } from '../factors/methods.ts';
import { recordLogin } from '../sign-in.ts';
import type { Details, Peer, Steps, StepView } from './step.ts';

/** What the page shows. */
export type FactorView = StepView &
  (
    | { readonly stage: 'prove'; readonly hasDevice: boolean; readonly keyOptions: string | undefined }
    | { readonly stage: 'enrol'; readonly device: NewDevice; readonly keyOptions: string }
    /** To be read before the person goes on; the codes are there only in the answer that made them. */
    | { readonly stage: 'done'; readonly codes?: readonly string[]; readonly codesLeft?: number }
  );

/** undefined: answered by a redirect; otherwise the page is to be shown (again). */
export type FactorResult =
  | undefined
  | { readonly kind: 'refused'; readonly view: FactorView }
  | { readonly kind: 'wait'; readonly seconds: number; readonly view: FactorView }
  | { readonly kind: 'read'; readonly view: FactorView };

/** A person whose first factor was right. */
interface FirstFactor {
  readonly user: User;
  /** RFC 8176; with `mfa` no more is asked. */
  readonly amr: readonly string[];
}

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

export interface FactorStep {
  /** Goes on after the first factor (password, or the hospital's identity provider): ends the sign-in or asks for the second. */
  afterFirst(
    request: IncomingMessage,
    response: ServerResponse,
    details: Details,
    first: FirstFactor,
    peer: Peer,
  ): Promise<void>;
  /** Undefined while the first factor is to come. */
  view(request: IncomingMessage, response: ServerResponse): Promise<FactorView | undefined>;
  prove(request: IncomingMessage, response: ServerResponse, form: ProofForm, peer: Peer): Promise<FactorResult>;
  enrol(request: IncomingMessage, response: ServerResponse, form: EnrolForm, peer: Peer): Promise<FactorResult>;
  /** Ends a sign-in at stage `done`. */
  goOn(request: IncomingMessage, response: ServerResponse, form: { readonly csrf: unknown }, peer: Peer): Promise<void>;
}

interface ProofForm {
  readonly csrf: unknown;
  readonly code: string;
  readonly assertion: string;
}

interface EnrolForm extends Enrolment {
  readonly csrf: unknown;
}

/** What the provider keeps of the session with a sign-in. */
interface SessionPart {
  readonly accountId?: string;
  readonly uid?: string;
  readonly amr?: readonly string[];
}

/** Whether nothing but the second factor is missing: anything else (prompt=login, max_age) asks for the first one again. */
function isStepUp({ prompt, session }: Details): boolean {
  return session?.accountId !== undefined && prompt.reasons.every((reason) => reason === 'second_factor');
}

interface Parts {
  readonly steps: Steps;
  readonly deps: FactorDeps;
  readonly provider: Provider;
}

/** Back to the page of the sign-in, whatever it is at now. */
function toPage(response: ServerResponse, { uid }: Details): void {
  response.writeHead(303, { location: `/interaction/${uid}`, 'cache-control': 'no-store' }).end();
}

async function from({ steps }: Parts, details: Details, peer: Peer): Promise<FactorPeer> {
  const client = await steps.clientOf(details);
  return { ...peer, clientName: client.clientName ?? client.clientId };
}

async function finish(
  parts: Parts,
  [request, response]: Exchange,
  details: Details,
  { user, amr, authTime }: Omit<HalfDone, 'isDone'>,
  peer: Peer,
): Promise<void> {
  await recordLogin(parts.deps.store, await from(parts, details, peer), user, amr);
  // A step up leaves the time of the password as it was: who asks for a fresh sign-in asks for the password too.
  const ts = isStepUp(details) ? { ts: Math.floor(authTime.getTime() / 1000) } : {};
  const login = { accountId: user.id, amr: [...amr], acr: acrOf(amr), ...ts };
  await parts.steps.finish(request, response, { login }, true);
}

/** The sign-in between its factors; a step up begins here. */
async function halfDone({ deps, provider }: Parts, details: Details): Promise<HalfDone | undefined> {
  const { db } = deps.store;
  const half = await halfOf(db, details.uid);
  const { accountId, uid = '', amr = [] } = (details.session ?? {}) as SessionPart;
  if (half || !isStepUp(details) || accountId === undefined) return half;
  const user = await findUser(db, accountId);
  // A first device is added by whoever knows the password, never by whoever finds an open session.
  if (user?.status !== 'ACTIVE' || !(await hasFactors(deps, user))) return undefined;
  const { loginTs = 0 } = (await provider.Session.findByUid(uid)) ?? {};
  const begun = { user, amr, authTime: new Date(loginTs * 1000), isDone: false };
  await keepHalf(db, details.uid, begun);
  return begun;
}

async function viewOf(
  { steps, deps }: Parts,
  details: Details,
  { user, isDone }: HalfDone,
  sealed?: string,
): Promise<FactorView> {
  const view = await steps.viewOf(details);
  if (isDone) return { ...view, stage: 'done' };
  const boundTo = ofSignIn(details.uid);
  if (await hasFactors(deps, user)) return { ...view, stage: 'prove', ...(await askable(deps, user, boundTo)) };
  const enrolling = { user, boundTo };
  const device = sealed === undefined ? newDevice(deps, enrolling) : sameDevice(deps, enrolling, sealed);
  return { ...view, stage: 'enrol', device, keyOptions: await newKeyOptions(deps, enrolling) };
}

/** The half-done sign-in that a form belongs to; the browser goes back to the beginning when its time is over. */
async function formOf({ steps, deps }: Parts, [request, response]: Exchange, csrf: unknown) {
  const details = await steps.step(request, response, csrf, 'login');
  const half = await halfOf(deps.store.db, details.uid);
  if (!half) toPage(response, details);
  return { details, half };
}

/** Ends the sign-in once, however many forms of it are sent. */
async function end(parts: Parts, at: Exchange, details: Details, half: HalfDone, peer: Peer): Promise<void> {
  if (await endHalf(parts.deps.store.db, details.uid)) await finish(parts, at, details, half, peer);
  else toPage(at[1], details);
}

async function prove(
  parts: Parts,
  at: Exchange,
  { csrf, code, assertion }: ProofForm,
  peer: Peer,
): Promise<FactorResult> {
  const { details, half } = await formOf(parts, at, csrf);
  if (!half) return undefined;
  if (half.isDone) return void toPage(at[1], details);
  const tried = { user: half.user, boundTo: ofSignIn(details.uid), code, assertion };
  const checked = await checkFactor(parts.deps, tried, await from(parts, details, peer));
  if (checked.kind !== 'right') return { ...checked, view: await viewOf(parts, details, half) };
  const done = { ...half, amr: withSecondFactor(half.amr, checked.method), isDone: true };
  if (checked.codesLeft === undefined) return void (await end(parts, at, details, done, peer));
  // Whoever has used a recovery code is told how many are left.
  await keepHalf(parts.deps.store.db, details.uid, done);
  const view = await parts.steps.viewOf(details);
  return { kind: 'read', view: { ...view, stage: 'done', codesLeft: checked.codesLeft } };
}

async function enrol(parts: Parts, at: Exchange, { csrf, ...enrolment }: EnrolForm, peer: Peer): Promise<FactorResult> {
  const { details, half } = await formOf(parts, at, csrf);
  if (!half) return undefined;
  if (half.isDone) return void toPage(at[1], details);
  const enrolling = { user: half.user, boundTo: ofSignIn(details.uid) };
  const result = await addFactor(parts.deps, enrolling, enrolment, await from(parts, details, peer), true);
  if (result.kind === 'refused') {
    return { kind: 'refused', view: await viewOf(parts, details, half, enrolment.sealed) };
  }
  const done = { ...half, amr: withSecondFactor(half.amr, result.method), isDone: true };
  await keepHalf(parts.deps.store.db, details.uid, done);
  const view = await parts.steps.viewOf(details);
  return { kind: 'read', view: { ...view, stage: 'done', codes: result.recoveryCodes ?? [] } };
}

export function factorStep(steps: Steps, deps: FactorDeps, provider: Provider): FactorStep {
  const parts: Parts = { steps, deps, provider };
  return {
    async afterFirst(request, response, details, { user, amr }, peer) {
      const authTime = deps.now();
      const isAsked = asksMultiFactor(details.params['acr_values']) || (await needsSecondFactor(deps, user));
      if (isMultiFactor(amr) || !isAsked) {
        return finish(parts, [request, response], details, { user, amr, authTime }, peer);
      }
      await keepHalf(deps.store.db, details.uid, { user, amr, authTime, isDone: false });
      toPage(response, details);
    },

    async view(request, response) {
      const details = await steps.details(request, response);
      const half = await halfDone(parts, details);
      return half && viewOf(parts, details, half);
    },

    prove: (request, response, form, peer) => prove(parts, [request, response], form, peer),
    enrol: (request, response, form, peer) => enrol(parts, [request, response], form, peer),

    async goOn(request, response, { csrf }, peer) {
      const at = [request, response] as const;
      const { details, half } = await formOf(parts, at, csrf);
      if (half?.isDone) await end(parts, at, details, half, peer);
      else if (half) toPage(response, details);
    },
  };
}
