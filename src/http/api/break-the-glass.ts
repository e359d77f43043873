/** Break-the-glass and its review, restrictions of records, and the end of Consents by who administers patients' data. */
import { z } from 'zod';
import { actorOf, administration } from '../../auth/actor.ts';
import { endConsent, restrictRecord } from '../../auth/consents/administer.ts';
import type { BreakGlass, GlassCaller } from '../../auth/glass/break-glass.ts';
import { viewOf } from '../../auth/glass/view.ts';
import type { Context } from '../../fhir/context.ts';
import {
  type ConsentEndRequest,
  consentEndedShape,
  consentEndShape,
  type GlassQueryRequest,
  type GlassRequest,
  type GlassReviewRequest,
  glassQueryShape,
  glassRequestShape,
  glassReviewShape,
  glassShape,
  type RestrictionRequest,
  restrictedShape,
  restrictionShape,
} from '../../shared/api/break-the-glass.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Route, RouteDeps } from './route.ts';

const callerOf = ({ access: { caller } }: Context): GlassCaller => ({
  ...actorOf(caller),
  ...(caller.userId === undefined ? {} : { userId: caller.userId }),
  ...(caller.role === undefined ? {} : { role: caller.role }),
  ...(caller.patient === undefined ? {} : { patient: caller.patient }),
});

const isAdministrator = ({ access }: Context) => access.mayUse('accounts');

function glassOf({ breakGlass }: RouteDeps): BreakGlass {
  if (!breakGlass) throw new FhirError('unsupported', 'This server has no break-the-glass.');
  return breakGlass;
}

/** Whoever looks through the emergencies of others leaves a trace of it. */
async function noteLooking({ access, store }: Context, query: GlassQueryRequest): Promise<void> {
  const detail = { status: query.status };
  await store.audit.append(
    administration(actorOf(access.caller), { subtype: 'break-the-glass-list', action: 'R' }, detail),
  );
}

const one = '/break-the-glass/{id}';

export const breakTheGlassRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/break-the-glass',
    summary: 'Opens the closed record of a patient in an emergency, to be read for a limited time.',
    body: glassRequestShape,
    reply: glassShape,
    status: 201,
    errors: [400, 403, 404, 409, 415, 429],
    async run(deps, { body }) {
      const { patient_id: patient, reason, explanation, minutes, password, code } = body as GlassRequest;
      const asked = { patient, reason, explanation, minutes };
      const glass = await glassOf(deps).open(callerOf(deps.context), asked, { password, code });
      return { status: 201, body: viewOf(glass) };
    },
  },
  {
    method: 'get',
    path: '/break-the-glass',
    summary:
      'Records that were opened, newest first: one’s own; for administrators everybody’s, `to-review` being their queue.',
    query: glassQueryShape,
    reply: z.array(glassShape),
    status: 200,
    errors: [400, 403],
    async run(deps, { query }) {
      const { context } = deps;
      const asked = query as GlassQueryRequest;
      const { userId } = context.access.caller;
      if (userId === undefined) throw new FhirError('forbidden', 'Only persons break the glass, or judge it.');
      const own = isAdministrator(context) ? {} : { userId };
      await noteLooking(context, asked);
      const found = await glassOf(deps).list({
        ...own,
        status: asked.status,
        limit: asked._count,
        offset: asked._offset,
      });
      return { status: 200, body: found.map(viewOf) };
    },
  },
  {
    method: 'post',
    path: `${one}/end`,
    summary: 'Shuts the record before its time: one’s own, or as an administrator.',
    reply: glassShape,
    status: 200,
    errors: [403, 404, 409],
    async run(deps, { id }) {
      const glass = await glassOf(deps).end(callerOf(deps.context), id, isAdministrator(deps.context));
      return { status: 200, body: viewOf(glass) };
    },
  },
  {
    method: 'post',
    path: `${one}/review`,
    summary: 'The verdict of an administrator who is another person; `not-justified` shuts the record at once.',
    body: glassReviewShape,
    reply: glassShape,
    status: 200,
    errors: [400, 403, 404, 409, 415],
    async run(deps, { id, body }) {
      if (!isAdministrator(deps.context)) throw new FhirError('forbidden', 'Emergencies are judged by administrators.');
      const glass = await glassOf(deps).review(callerOf(deps.context), id, body as GlassReviewRequest);
      return { status: 200, body: viewOf(glass) };
    },
  },
  {
    method: 'put',
    path: '/patients/{id}/restriction',
    summary: 'Restricts a record (GDPR, article 18), which only break-the-glass opens then, or lifts the restriction.',
    body: restrictionShape,
    reply: restrictedShape,
    status: 200,
    errors: [400, 403, 404, 412, 415],
    async run({ context, server }, { id, body }) {
      const { restricted, reason } = body as RestrictionRequest;
      await restrictRecord({ context, server, reason }, id, restricted);
      return { status: 200, body: { patient_id: id, restricted } };
    },
  },
  {
    method: 'post',
    path: '/consents/{id}/end',
    summary: 'Ends a Consent that nobody else may change because it denies everybody.',
    body: consentEndShape,
    reply: consentEndedShape,
    status: 200,
    errors: [400, 403, 404, 409, 412, 415],
    async run({ context, server }, { id, body }) {
      await endConsent({ context, server, reason: (body as ConsentEndRequest).reason }, id);
      return { status: 200, body: { id, status: 'inactive' } };
    },
  },
];
