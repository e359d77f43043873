/** Administration of accounts, and what an account is to its owner. */

import { changeUser } from '../../auth/accounts/change-user.ts';
import { findUsers, showUser, userRow } from '../../auth/accounts/find-users.ts';
import { type IssuedLink, inviteUser, issueLink } from '../../auth/accounts/links.ts';
import { sessionsOf, signOut } from '../../auth/accounts/sessions.ts';
import { addUserWithoutPassword } from '../../auth/accounts.ts';
import { type Actor, actorOf, administration } from '../../auth/actor.ts';
import type { Context } from '../../fhir/context.ts';
import {
  linkShape,
  meShape,
  type SignOutRequest,
  sessionShape,
  signOutShape,
  type UserChange,
  type UserQuery,
  type UserRequest,
  userChangeShape,
  userCreatedShape,
  userPageShape,
  userQueryShape,
  userRequestShape,
  userShape,
} from '../../shared/api/user.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Answer, Asked, Route } from './route.ts';

/** Who administers; a refusal leaves its trace. */
async function administrator({ access, store }: Context): Promise<Actor> {
  const actor = actorOf(access.caller);
  if (access.mayUse('accounts')) return actor;
  const denied = administration(actor, { subtype: 'accounts', action: 'E' });
  await store.audit.append({ ...denied, type: 'access-denied', outcome: '4' });
  throw new FhirError('forbidden', 'Accounts are administered by administrators.');
}

type Deed = (context: Context, actor: Actor, asked: Asked) => Promise<Answer>;

const row = (route: Omit<Route, 'run'>, deed: Deed): Route => ({
  ...route,
  errors: [403, ...route.errors],
  run: async ({ context }, asked) => deed(context, await administrator(context), asked),
});

type UserRow = Awaited<ReturnType<typeof userRow>>;

const meOf = ({ id, email, nom, prenom, role, status, practitionerId, lastLogin }: UserRow) => ({
  id,
  email,
  nom,
  prenom,
  role,
  status,
  practitioner_id: practitionerId,
  last_login: lastLogin?.toISOString() ?? null,
});

const bodyOf = (user: UserRow) => ({
  ...meOf(user),
  created_at: user.createdAt.toISOString(),
  updated_at: user.updatedAt.toISOString(),
  has_password: user.hasPassword,
  reset_requested_at: user.resetAskedAt?.toISOString() ?? null,
});

const linkOf = ({ url, expires, purpose }: IssuedLink) => ({ url, expires_at: expires.toISOString(), purpose });

type Session = Awaited<ReturnType<typeof sessionsOf>>[number];

const sessionOf = ({ uid, device, address, firstSeen, lastSeen, expires, amr, applications }: Session) => ({
  id: uid,
  ...device,
  address,
  first_seen: firstSeen.toISOString(),
  last_seen: lastSeen.toISOString(),
  expires_at: expires.toISOString(),
  amr,
  applications,
});

/** Only with what shows the own Practitioner: a token for something else says nothing of its person. */
async function me({ access, store }: Context): Promise<Answer> {
  const { userId } = access.caller;
  if (userId === undefined) throw new FhirError('forbidden', 'There is no person behind this token.');
  if (!access.may('r', 'Practitioner')) throw new FhirError('forbidden', 'This needs the scope fhirUser.');
  return { status: 200, body: meOf(await showUser(store, userId, actorOf(access.caller))) };
}

const one = '/users/{id}';

export const userRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/me',
    summary: 'The own account.',
    reply: meShape,
    status: 200,
    errors: [403],
    run: ({ context }) => me(context),
  },
  row(
    {
      method: 'get',
      path: '/users',
      summary: 'Accounts, by address.',
      query: userQueryShape,
      reply: userPageShape,
      status: 200,
      errors: [400],
    },
    async ({ store }, actor, { query }) => {
      const { limit, reset_requested, ...rest } = query as UserQuery;
      const resetAsked = reset_requested === undefined ? undefined : reset_requested === 'true';
      const { users, next } = await findUsers(store, { ...rest, resetAsked, count: limit }, actor);
      return { status: 200, body: { users: users.map(bodyOf), next } };
    },
  ),
  row(
    {
      method: 'post',
      path: '/users',
      summary: 'Creates an account with its Practitioner and PractitionerRole; its owner chooses a password by a link.',
      body: userRequestShape,
      reply: userCreatedShape,
      status: 201,
      errors: [400, 409, 415, 422],
    },
    async (context, actor, { body }) => {
      const { invite, ...person } = body as UserRequest;
      const invited = invite ? await inviteUser(context, person, actor) : undefined;
      const { id } = invited ?? (await addUserWithoutPassword(context, person, actor));
      const user = bodyOf(await userRow(context.store, id));
      return { status: 201, body: { user, link: invited ? linkOf(invited) : null } };
    },
  ),
  row(
    { method: 'get', path: one, summary: 'An account.', reply: userShape, status: 200, errors: [404] },
    async ({ store }, actor, { id }) => ({ status: 200, body: bodyOf(await showUser(store, id, actor)) }),
  ),
  row(
    {
      method: 'patch',
      path: one,
      summary:
        'Changes names, address, role or status; a status other than ACTIVE ends all sessions and tokens at once.',
      body: userChangeShape,
      reply: userShape,
      status: 200,
      errors: [400, 404, 409, 415, 422],
    },
    async (context, actor, { id, body }) => {
      await changeUser(context, { id }, body as UserChange, actor);
      return { status: 200, body: bodyOf(await userRow(context.store, id)) };
    },
  ),
  row(
    {
      method: 'post',
      path: `${one}/reset`,
      summary: 'Makes a link with which the person chooses a password; links made before are void.',
      reply: linkShape,
      status: 200,
      errors: [404, 409],
    },
    async (context, actor, { id }) => ({ status: 200, body: linkOf(await issueLink(context, { id }, actor)) }),
  ),
  row(
    {
      method: 'get',
      path: `${one}/sessions`,
      summary: 'Where the person is signed in, the last seen first.',
      reply: sessionShape.array(),
      status: 200,
      errors: [404],
    },
    async ({ store }, actor, { id }) => {
      const sessions = await sessionsOf(store, { id });
      await store.audit.append(administration(actor, { subtype: 'user-sessions', action: 'R' }, { user_id: id }));
      return { status: 200, body: sessions.map(sessionOf) };
    },
  ),
  row(
    {
      method: 'post',
      path: `${one}/sign-out`,
      summary: 'Ends one session or all, with all tokens that were given in them.',
      body: signOutShape,
      status: 204,
      errors: [400, 404, 415],
    },
    async ({ store }, actor, { id, body }) => {
      const { session } = body as SignOutRequest;
      await signOut(store, { id }, session === undefined ? 'all' : { uid: session }, actor);
      return { status: 204 };
    },
  ),
];
