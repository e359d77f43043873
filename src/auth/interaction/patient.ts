/**
 * The step in which a person chooses whom the application is about: a patient, and one of its consultations where the
 * application asks for one. http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#apps-that-launch-standalone
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../../fhir/context.ts';
import { FhirError } from '../../shared/errors.ts';
import { findUser } from '../../store/accounts/users.ts';
import { findPresentedHandle } from '../../store/launch/handle.ts';
import {
  type Choices,
  type EncounterChoice,
  findEncounters,
  findPatients,
  type PatientChoice,
  readEncounter,
  readPatient,
} from '../launch/find-records.ts';
import { needsOf, pickedOf } from '../launch/needs.ts';
import { personContext } from '../launch/person-access.ts';
import { lifetimes } from '../lifetimes.ts';
import { type Details, type InteractionDeps, type Peer, type Steps, type StepView, text } from './step.ts';

/** What is searched: typed words, or the page that a link names. */
interface Looking {
  readonly query: string;
  readonly page: string | undefined;
}

export type PatientView = StepView & { readonly query: string } & (
    | { readonly kind: 'patient'; readonly found: Choices<PatientChoice> }
    | { readonly kind: 'encounter'; readonly patient: PatientChoice; readonly found: Choices<EncounterChoice> }
  );

interface PatientForm {
  readonly csrf: unknown;
  readonly patient: unknown;
  /** Empty: none on purpose. */
  readonly encounter: unknown;
}

export interface PatientStep {
  view(request: IncomingMessage, response: ServerResponse, looking: Looking, peer: Peer): Promise<PatientView>;
  /** Throws FhirError `forbidden`, `notFound` or `gone` for what the person may not choose; the sign-in stays where it is. */
  submit(request: IncomingMessage, response: ServerResponse, form: PatientForm, peer: Peer): Promise<void>;
  /** Whom the application will be about, for the pages after; undefined where it is about nobody that the person may see. */
  chosen(request: IncomingMessage, response: ServerResponse, peer: Peer): Promise<PatientChoice | undefined>;
}

export function patientStep(steps: Steps, { store, secret, base, log, personAccess }: InteractionDeps): PatientStep {
  const deps = { store, base, log, pageKey: secret.derive('pages') };

  async function contextOf(details: Details, peer: Peer): Promise<Context> {
    const user = await findUser(store.db, details.session?.accountId ?? '');
    if (user?.status !== 'ACTIVE') throw new FhirError('notFound', 'Nobody is signed in for this any more.');
    const { clientId, clientName = clientId } = await steps.clientOf(details);
    return personContext(deps, await personAccess(user, { clientName, ...peer }));
  }

  /** The patient that is chosen already, by the EHR or by the person. */
  async function patientOf({ params, lastSubmission }: Details): Promise<string | undefined> {
    const handle = params['launch'];
    if (typeof handle !== 'string') return pickedOf(lastSubmission).patient;
    return (await findPresentedHandle(store.db, handle, lifetimes.Interaction))?.patient;
  }

  return {
    async view(request, response, { query, page }, peer) {
      const details = await steps.details(request, response);
      const context = await contextOf(details, peer);
      const view = await steps.viewOf(details);
      const chosen = await patientOf(details);
      if (chosen === undefined) {
        return { ...view, kind: 'patient', query, found: await findPatients(context, query, page) };
      }
      const patient = await readPatient(context, chosen);
      return { ...view, kind: 'encounter', query, patient, found: await findEncounters(context, chosen, page) };
    },

    async submit(request, response, { csrf, patient, encounter }, peer) {
      const details = await steps.step(request, response, csrf, 'patient');
      const context = await contextOf(details, peer);
      const chosen = await patientOf(details);
      if (chosen === undefined) {
        const { id } = await readPatient(context, text(patient));
        return steps.finish(request, response, { picked: { patient: id } });
      }
      const needs = needsOf(text(details.params['scope']).split(' '));
      if (!needs.encounter) throw new FhirError('conflict', 'The patient has been chosen.');
      const id = text(encounter);
      if (id !== '') await readEncounter(context, id, chosen);
      await steps.finish(request, response, { picked: { patient: chosen, encounter: id === '' ? null : id } });
    },

    async chosen(request, response, peer) {
      const details = await steps.details(request, response);
      const id = await patientOf(details);
      if (id === undefined) return undefined;
      try {
        return await readPatient(await contextOf(details, peer), id);
      } catch (error) {
        if (error instanceof FhirError) return undefined;
        throw error;
      }
    },
  };
}
