/** What the launcher's page does for a person: finds the patient, lists the applications, launches one. */
import type { Context } from '../../fhir/context.ts';
import { findLaunchable, type Launchable } from '../../store/launch/launchable.ts';
import type { SignedIn } from '../browser-session.ts';
import { type CreatedLaunch, createLaunch } from './create-launch.ts';
import {
  type Choices,
  type EncounterChoice,
  findEncounters,
  findPatients,
  type PatientChoice,
  readPatient,
} from './find-records.ts';
import { type Occasion, type PersonDeps, personContext } from './person-access.ts';

type Peer = Omit<Occasion, 'clientName'>;

export interface LaunchChoices {
  readonly patient: PatientChoice;
  readonly encounters: Choices<EncounterChoice>;
  readonly applications: readonly Launchable[];
}

export interface Launcher {
  patients(who: SignedIn, query: string, page: string | undefined, peer: Peer): Promise<Choices<PatientChoice>>;
  /** Throws FhirError `forbidden`, `notFound` or `gone` for a patient whom the person may not see. */
  choices(who: SignedIn, patient: string, peer: Peer): Promise<LaunchChoices>;
  /** Throws as `createLaunch` does. */
  launch(
    who: SignedIn,
    asked: { readonly clientId: string; readonly patient: string; readonly encounter: string },
    peer: Peer,
  ): Promise<CreatedLaunch>;
}

/** As the audit trail names the pages that are ours. */
const clientName = 'LIVEDOC';

export function launcherOf(deps: PersonDeps): Launcher {
  const { store, personAccess } = deps;
  const contextOf = async ({ user }: SignedIn, peer: Peer): Promise<Context> =>
    personContext(deps, await personAccess(user, { clientName, ...peer }));
  return {
    patients: async (who, query, page, peer) => findPatients(await contextOf(who, peer), query, page),
    async choices(who, id, peer) {
      const context = await contextOf(who, peer);
      const patient = await readPatient(context, id);
      const encounters = await findEncounters(context, patient.id, undefined);
      return { patient, encounters, applications: await findLaunchable(store.db) };
    },
    async launch(who, { encounter, ...asked }, peer) {
      const context = await contextOf(who, peer);
      return createLaunch(context, { ...asked, ...(encounter === '' ? {} : { encounter }) }, personAccess);
    },
  };
}
