/** The pages by which a person breaks the glass, shuts it again, and another judges it. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import { personAgent } from '../../auth/agents.ts';
import type { BrowserSessions } from '../../auth/browser-session.ts';
import type { FactorDeps } from '../../auth/factors/deps.ts';
import { askable } from '../../auth/factors/manage.ts';
import { ofSession } from '../../auth/factors/reauthenticate.ts';
import type { BreakGlass, GlassCaller } from '../../auth/glass/break-glass.ts';
import { viewOf } from '../../auth/glass/view.ts';
import { localeOf } from '../../auth/pages.ts';
import { glassFormShape, glassReviewShape } from '../../shared/api/break-the-glass.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { checkCsrf, requireSignedIn, signedInOf } from '../account/require-signed-in.ts';
import { type GlassPage, glassPage } from '../pages/glass.ts';
import { webauthnScriptHash } from '../pages/webauthn-script.ts';
import { fieldsOf, form, formGuard, peerOf, textOf } from '../sign-in/forms.ts';
import { guard, showError } from '../sign-in/page-headers.ts';

export interface GlassPagesDeps {
  readonly browser: BrowserSessions;
  readonly breakGlass: BreakGlass;
  readonly factors: FactorDeps;
  /** The server's own. */
  readonly origin: string;
  readonly log: Logger;
}

const pageSize = 50;
const path = '/break-the-glass';
const patientId = /^[A-Za-z0-9\-.]{1,64}$/;

function callerOf(request: Request, response: Response): GlassCaller {
  const { user, sessionUid } = signedInOf(response);
  return {
    client: { name: 'LIVEDOC' },
    user: personAgent(user),
    ...peerOf(request),
    userId: user.id,
    role: user.role,
    sessionUid,
  };
}

interface Shape<T> {
  safeParse(given: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
      };
}

/** What does not fit, in one line. */
function parsed<T>(shape: Shape<T>, given: unknown): T {
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  const said = result.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; ');
  throw new FhirError('invalid', said);
}

async function show(
  { breakGlass, factors }: GlassPagesDeps,
  request: Request,
  response: Response,
  filled: GlassPage['filled'],
  error?: FhirError,
): Promise<void> {
  const { user, csrf, sessionUid } = signedInOf(response);
  const mayOpen = breakGlass.mayOpen(user.role);
  const list = async (query: Parameters<BreakGlass['list']>[0]) => (await breakGlass.list(query)).map(viewOf);
  const mine = mayOpen ? await list({ status: 'open', userId: user.id, limit: pageSize, offset: 0 }) : [];
  const isJudge = user.role === 'ADMINISTRATEUR';
  const keyOptions = mayOpen ? (await askable(factors, user, ofSession(sessionUid))).keyOptions : undefined;
  guard(response, "; form-action 'self'", webauthnScriptHash);
  if (error?.detail.retryAfter !== undefined) response.set('retry-after', String(error.detail.retryAfter));
  response
    .status(error?.status ?? 200)
    .type('html')
    .send(
      glassPage({
        locale: localeOf(undefined, request.get('accept-language')),
        csrf,
        mayOpen,
        minutes: breakGlass.minutes,
        filled,
        keyOptions,
        ...(error ? { error: { isRefusal: error.kind === 'forbidden', message: error.message } } : {}),
        mine,
        ...(isJudge ? { toReview: await list({ status: 'to-review', limit: pageSize, offset: 0 }) } : {}),
      }),
    );
}

/** Does what a form asks for, and shows the page again: with what went wrong, or anew. */
function deed(
  deps: GlassPagesDeps,
  run: (caller: GlassCaller, fields: Readonly<Record<string, unknown>>, id: string) => Promise<unknown>,
) {
  return async (request: Request, response: Response) => {
    checkCsrf(request, response);
    const fields = fieldsOf(request);
    try {
      await run(callerOf(request, response), fields, String(request.params['id'] ?? ''));
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      const filled = {
        patient: textOf(fields['patient']),
        reason: textOf(fields['reason']),
        explanation: textOf(fields['explanation']),
      };
      await show(deps, request, response, filled, error);
      return;
    }
    response.redirect(303, path);
  };
}

/** To be mounted at the root. */
export function glassRoutes(deps: GlassPagesDeps): Router {
  const { browser, breakGlass, origin, log } = deps;
  const router = Router();
  router.post(`${path}{/*rest}`, formGuard(origin), form);
  router.use(path, requireSignedIn(browser));
  router.get(path, async (request, response) => {
    const patient = textOf(request.query['patient']);
    await show(deps, request, response, {
      patient: patientId.test(patient) ? patient : '',
      reason: '',
      explanation: '',
    });
  });
  router.post(
    path,
    deed(deps, async (caller, { answer, ...fields }) => {
      const { patient_id: patient, reason, explanation, minutes, password, code } = parsed(glassFormShape, fields);
      const proof = { password, code, assertion: textOf(answer) };
      await breakGlass.open(caller, { patient, reason, explanation, minutes }, proof);
    }),
  );
  router.post(
    `${path}/:id/end`,
    deed(deps, (caller, _, id) => breakGlass.end(caller, id, caller.role === 'ADMINISTRATEUR')),
  );
  router.post(
    `${path}/:id/review`,
    deed(deps, async (caller, { verdict, comment }, id) => {
      if (caller.role !== 'ADMINISTRATEUR')
        throw new FhirError('forbidden', 'Emergencies are judged by administrators.');
      await breakGlass.review(caller, id, parsed(glassReviewShape, { verdict, comment }));
    }),
  );
  router.use(path, (error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    log.info('a page of break-the-glass was refused', { status: error.status, reason: error.message });
    return showError(request, response, error);
  });
  return router;
}
