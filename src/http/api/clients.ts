/** Administration of the applications and systems that may ask for tokens. */
import { z } from 'zod';
import { type Actor, actorOf, administration } from '../../auth/actor.ts';
import { clientChangesOf } from '../../auth/client-members.ts';
import {
  addClient,
  approveClient,
  changeClient,
  disableClient,
  enableClient,
  listClients,
  type NewClient,
  removeClient,
  rotateSecret,
  showClient,
} from '../../auth/clients.ts';
import type { Context } from '../../fhir/context.ts';
import {
  type ClientChange,
  type ClientQuery,
  type ClientRequest,
  clientChangedShape,
  clientChangeShape,
  clientCreatedShape,
  clientQueryShape,
  clientRequestShape,
  clientShape,
} from '../../shared/api/client.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Answer, Asked, Route } from './route.ts';

/** Who administers; a refusal leaves its trace. */
async function administrator({ access, store }: Context): Promise<Actor> {
  const actor = actorOf(access.caller);
  if (access.mayUse('accounts')) return actor;
  const denied = administration(actor, { subtype: 'clients', action: 'E' });
  await store.audit.append({ ...denied, type: 'access-denied', outcome: '4' });
  throw new FhirError('forbidden', 'Clients are administered by administrators.');
}

type Deed = (context: Context, actor: Actor, asked: Asked) => Promise<Answer>;

const row = (route: Omit<Route, 'run'>, deed: Deed): Route => ({
  ...route,
  errors: [403, ...route.errors],
  run: async ({ context }, asked) => deed(context, await administrator(context), asked),
});

/** A change of state, answered with the client as it is then. */
function stateRow(word: string, summary: string, change: typeof disableClient): Route {
  const route = { method: 'post', path: `/clients/{id}/${word}`, summary, reply: clientShape } as const;
  return row({ ...route, status: 200, errors: [404] }, async ({ store }, actor, { id }) => {
    await change(store, id, actor);
    return { status: 200, body: await showClient(store, id) };
  });
}

const one = '/clients/{id}';

export const clientRoutes: readonly Route[] = [
  row(
    {
      method: 'get',
      path: '/clients',
      summary: 'Registered clients, oldest first.',
      query: clientQueryShape,
      reply: z.array(clientShape),
      status: 200,
      errors: [400],
    },
    async ({ store }, actor, { query }) => {
      const { _count: limit, after } = query as ClientQuery;
      const body = await listClients(store, { limit, ...(after === undefined ? {} : { after }) });
      await store.audit.append(administration(actor, { subtype: 'client-list', action: 'E' }));
      return { status: 200, body };
    },
  ),
  row(
    {
      method: 'post',
      path: '/clients',
      summary: 'Registers a client; its secret, where it has one, is in the answer and nowhere else.',
      body: clientRequestShape,
      reply: clientCreatedShape,
      status: 201,
      errors: [400, 413, 415],
    },
    async ({ store }, actor, { body }) => {
      const client = clientChangesOf(body as ClientRequest) as NewClient;
      const { clientId, clientSecret } = await addClient(store, client, actor);
      const secret = clientSecret === undefined ? {} : { client_secret: clientSecret };
      return {
        status: 201,
        body: { client_id: clientId, ...secret },
        headers: { location: `/api/clients/${clientId}` },
      };
    },
  ),
  row(
    { method: 'get', path: one, summary: 'A client.', reply: clientShape, status: 200, errors: [404] },
    async ({ store }, actor, { id }) => {
      const body = await showClient(store, id);
      await store.audit.append(administration(actor, { subtype: 'client-read', action: 'R' }, { client_id: id }));
      return { status: 200, body };
    },
  ),
  row(
    {
      method: 'patch',
      path: one,
      summary: 'Changes what is named; its tokens end when they would be more than it may have now.',
      body: clientChangeShape,
      reply: clientChangedShape,
      status: 200,
      errors: [400, 404, 413, 415],
    },
    async ({ store }, actor, { id, body }) => {
      const { clientSecret } = await changeClient(store, id, clientChangesOf(body as ClientChange), actor);
      const secret = clientSecret === undefined ? {} : { client_secret: clientSecret };
      return { status: 200, body: { ...(await showClient(store, id)), ...secret } };
    },
  ),
  row(
    { method: 'delete', path: one, summary: 'Ends a client and its tokens.', status: 204, errors: [404] },
    async ({ store }, actor, { id }) => {
      await removeClient(store, id, actor);
      return { status: 204 };
    },
  ),
  stateRow('approve', 'Lets a client be used that registered itself.', approveClient),
  stateRow('disable', 'Keeps a client from being used and ends its tokens.', disableClient),
  stateRow('enable', 'Lets a disabled client be used again.', enableClient),
  row(
    {
      method: 'post',
      path: `${one}/secret`,
      summary: 'Gives a client a new secret; the old one is of no use from now on.',
      reply: clientCreatedShape,
      status: 200,
      errors: [404, 409],
    },
    async ({ store }, actor, { id }) => {
      const { clientId, clientSecret } = await rotateSecret(store, id, actor);
      return { status: 200, body: { client_id: clientId, client_secret: clientSecret } };
    },
  ),
];
