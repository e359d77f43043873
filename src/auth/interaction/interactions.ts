/** The steps of a sign-in that a person takes, joined. `http` draws the pages and reads the forms. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConsentStep, consentStep } from './consent.ts';
import { type FactorStep, factorStep } from './factor.ts';
import { type FederatedDeps, type FederatedStep, federatedStep } from './federated.ts';
import { type LoginStep, loginStep } from './login.ts';
import { type PatientStep, patientStep } from './patient.ts';
import { type InteractionDeps, type StepView, stepsOf } from './step.ts';

export interface Interactions {
  /** Where the sign-in is. Throws FhirError `notFound` when it is over, or not this browser's. */
  view(request: IncomingMessage, response: ServerResponse): Promise<StepView>;
  readonly login: LoginStep;
  /** The first factor by a hospital's identity provider, within the step `login`. */
  readonly federated: FederatedStep;
  /** The second factor, within the step `login`. */
  readonly factor: FactorStep;
  readonly patient: PatientStep;
  readonly consent: ConsentStep;
  /** Turning back, from any step. */
  abort(request: IncomingMessage, response: ServerResponse, form: { readonly csrf: unknown }): Promise<void>;
}

export function interactionsOf(deps: InteractionDeps, federation: Omit<FederatedDeps, 'afterFirst'>): Interactions {
  const steps = stepsOf(deps);
  const factor = factorStep(steps, deps.factors, deps.provider);
  return {
    view: async (request, response) => steps.viewOf(await steps.details(request, response)),
    login: loginStep(steps, deps, factor),
    federated: federatedStep(steps, { ...federation, afterFirst: factor.afterFirst }),
    factor,
    patient: patientStep(steps, deps),
    consent: consentStep(steps, deps),
    async abort(request, response, { csrf }) {
      await steps.step(request, response, csrf);
      await steps.turnBack(request, response);
    },
  };
}
