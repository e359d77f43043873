/** Administration of the hospital's identity providers, and of who has which account by them. */
import { z } from 'zod';
import { type Actor, actorOf, administration } from '../../auth/actor.ts';
import {
  putProvider,
  removeProvider,
  setProviderEnabled,
  showProvider,
  showProviders,
} from '../../auth/federation/identity-providers.ts';
import { linkAccount, linkedAccounts, unlinkAccount } from '../../auth/federation/links.ts';
import type { Federation } from '../../auth/federation/open-federation.ts';
import {
  type IdentityLinkRequest,
  type IdentityProviderRequest,
  identityLinkRequestShape,
  identityLinkShape,
  identityProviderRequestShape,
  identityProviderShape,
  identityProviderTestShape,
} from '../../shared/api/identity-provider.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Answer, Asked, Route, RouteDeps } from './route.ts';

/** Who administers; a refusal leaves its trace. */
async function administrator({ context: { access, store } }: RouteDeps): Promise<Actor> {
  const actor = actorOf(access.caller);
  if (access.mayUse('accounts')) return actor;
  const denied = administration(actor, { subtype: 'identity-providers', action: 'E' });
  await store.audit.append({ ...denied, type: 'access-denied', outcome: '4' });
  throw new FhirError('forbidden', 'Identity providers are administered by administrators.');
}

type Deed = (federation: Federation, actor: Actor, asked: Asked) => Promise<Answer>;

const row = (route: Omit<Route, 'run'>, deed: Deed): Route => ({
  ...route,
  errors: [403, ...route.errors],
  async run(deps, asked) {
    const actor = await administrator(deps);
    if (!deps.federation) throw new FhirError('unsupported', 'This server has no identity providers.');
    return deed(deps.federation, actor, asked);
  },
});

/** A look at the settings is told as well: they say who is trusted. */
const seen = (federation: Federation, actor: Actor, id?: string) =>
  federation.deps.store.audit.append(
    administration(actor, { subtype: 'identity-provider-read', action: 'R' }, id === undefined ? {} : { id }),
  );

const one = '/identity-providers/{id}';
const accounts = `${one}/accounts`;

const stateRow = (word: 'enable' | 'disable', summary: string) =>
  row(
    { method: 'post', path: `${one}/${word}`, summary, reply: identityProviderShape, status: 200, errors: [404] },
    async ({ deps }, actor, { id }) => {
      await setProviderEnabled(deps, id, word === 'enable', actor);
      return { status: 200, body: await showProvider(deps, id) };
    },
  );

const linkRoutes: readonly Route[] = [
  row(
    {
      method: 'get',
      path: accounts,
      summary: 'Who signs in with the provider, or is expected to.',
      reply: z.array(identityLinkShape),
      status: 200,
      errors: [404],
    },
    async (federation, actor, { id }) => {
      const linked = await linkedAccounts(federation.deps, id);
      await seen(federation, actor, id);
      const body = linked.map(({ expectedBy, lastUsedAt, ...rest }) => ({
        ...rest,
        expected_by: expectedBy,
        last_used_at: lastUsedAt?.toISOString() ?? null,
      }));
      return { status: 200, body };
    },
  ),
  row(
    {
      method: 'post',
      path: accounts,
      summary: 'Links an account to a person of the provider, or expects them.',
      body: identityLinkRequestShape,
      status: 204,
      errors: [400, 404, 409, 422],
    },
    async ({ deps }, actor, { id, body }) => {
      const { email, ...link } = body as IdentityLinkRequest;
      await linkAccount(deps, { id, email, link }, actor);
      return { status: 204 };
    },
  ),
  row(
    {
      method: 'delete',
      path: `${accounts}/{email}`,
      summary: 'Unlinks the account from the provider, and expects its person there no more.',
      status: 204,
      errors: [404],
    },
    async ({ deps }, actor, { id, params }) => {
      await unlinkAccount(deps, { id, email: params['email'] ?? '' }, actor);
      return { status: 204 };
    },
  ),
];

export const identityProviderRoutes: readonly Route[] = [
  row(
    {
      method: 'get',
      path: '/identity-providers',
      summary: 'The identity providers, without their secrets.',
      reply: z.array(identityProviderShape),
      status: 200,
      errors: [],
    },
    async (federation, actor) => {
      const body = await showProviders(federation.deps);
      await seen(federation, actor);
      return { status: 200, body };
    },
  ),
  row(
    {
      method: 'get',
      path: one,
      summary: 'An identity provider, with the addresses to register there.',
      reply: identityProviderShape,
      status: 200,
      errors: [404],
    },
    async (federation, actor, { id }) => {
      const body = await showProvider(federation.deps, id);
      await seen(federation, actor, id);
      return { status: 200, body };
    },
  ),
  row(
    {
      method: 'put',
      path: one,
      summary: 'Adds the identity provider, or takes the place of the one with the id.',
      body: identityProviderRequestShape,
      reply: identityProviderShape,
      status: 200,
      errors: [400, 422],
    },
    async ({ deps }, actor, { id, body }) => {
      const { provider, isNew } = await putProvider(deps, id, body as IdentityProviderRequest, actor);
      return { status: isNew ? 201 : 200, body: provider };
    },
  ),
  row(
    { method: 'delete', path: one, summary: 'Removes it and ends its sessions.', status: 204, errors: [404] },
    async ({ deps }, actor, { id }) => {
      await removeProvider(deps, id, actor);
      return { status: 204 };
    },
  ),
  row(
    {
      method: 'post',
      path: `${one}/test`,
      summary: 'Asks the provider whether its own description fits the settings.',
      reply: identityProviderTestShape,
      status: 200,
      errors: [404],
    },
    async (federation, actor, { id }) => {
      const body = await federation.test(id);
      const { store } = federation.deps;
      await store.audit.append(administration(actor, { subtype: 'identity-provider-test', action: 'E' }, { id }));
      return { status: 200, body };
    },
  ),
  stateRow('enable', 'People may sign in with it.'),
  stateRow('disable', 'Nobody signs in with it, and the sessions that began there end.'),
  ...linkRoutes,
];
