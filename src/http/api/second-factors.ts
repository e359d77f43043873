/** What an administrator may do about a person's second factors: see which there are, take them away. */
import { type Actor, actorOf, administration } from '../../auth/actor.ts';
import { resetFactors, showFactors } from '../../auth/factors/manage.ts';
import type { Context } from '../../fhir/context.ts';
import { secondFactorShape } from '../../shared/api/second-factor.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Route } from './route.ts';

/** Who administers; a refusal leaves its trace. */
async function administrator({ access, store }: Context): Promise<Actor> {
  const actor = actorOf(access.caller);
  if (access.mayUse('accounts')) return actor;
  const denied = administration(actor, { subtype: 'second-factor', action: 'E' });
  await store.audit.append({ ...denied, type: 'access-denied', outcome: '4' });
  throw new FhirError('forbidden', 'Accounts are administered by administrators.');
}

const path = '/users/{id}/second-factor';

export const secondFactorRoutes: readonly Route[] = [
  {
    method: 'get',
    path,
    summary: "An account's second factors, oldest first.",
    reply: secondFactorShape,
    status: 200,
    errors: [403, 404],
    async run({ context }, { id }) {
      const { factors, codesLeft } = await showFactors(context.store, id, await administrator(context));
      const body = {
        factors: factors.map(({ id: factorId, kind, name, createdAt, lastUsedAt }) => ({
          id: factorId,
          kind,
          name,
          created_at: createdAt.toISOString(),
          last_used_at: lastUsedAt?.toISOString() ?? null,
        })),
        recovery_codes_left: codesLeft ?? null,
      };
      return { status: 200, body };
    },
  },
  {
    method: 'delete',
    path,
    summary: 'Takes all second factors of an account away and ends its sessions; not of the own account.',
    status: 204,
    errors: [403, 404, 409],
    async run({ context }, { id }) {
      await resetFactors(context.store, id, await administrator(context));
      return { status: 204 };
    },
  },
];
