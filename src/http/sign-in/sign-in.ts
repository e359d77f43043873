/** The steps of a sign-in as routes: one page for each step that it can be at, and the step's forms. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import type { Interactions } from '../../auth/interaction/interactions.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { abortPages } from './abort.ts';
import { consentPages } from './consent.ts';
import { factorPages, showFactor } from './factor.ts';
import { federatedPages } from './federated.ts';
import { form, formGuard } from './forms.ts';
import { loginPages } from './login.ts';
import { showError } from './page-headers.ts';
import { patientPages } from './patient.ts';
import type { StepPages } from './step-pages.ts';

/** To be mounted at the root: everything below /interaction. `origin` is the server's own. */
export function signInRoutes(interactions: Interactions, origin: string, log: Logger): Router {
  const steps: readonly StepPages[] = [
    loginPages(interactions, showFactor(interactions.factor)),
    federatedPages(interactions.federated),
    factorPages(interactions.factor),
    patientPages(interactions.patient),
    consentPages(interactions),
    abortPages(interactions),
  ];
  const router = Router();
  const guardForm = formGuard(origin);
  router.post('/interaction/:uid/:step', guardForm, form);
  // No forms, but they ask other servers.
  router.get('/interaction/:uid/federated/:idp{/:step}', guardForm);
  router.get('/interaction/:uid', async (request, response) => {
    const { prompt } = await interactions.view(request, response);
    const step = steps.find((each) => each.prompt === prompt);
    if (!step?.show) throw new Error(`There is no page for the step ${prompt}.`);
    await step.show(request, response);
  });
  for (const { routes } of steps) routes?.(router);
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof FhirError) || response.headersSent) return next(error);
    const requestId = request.get('x-request-id');
    log.info('a step of a sign-in was refused', { requestId, status: error.status, reason: error.message });
    return showError(request, response, error);
  });
  return router;
}
