/** The demo hospital: two accounts, an app to sign in with, a PACS, and patients with their consultations. */
import { addUser } from '../auth/accounts.ts';
import { addClient } from '../auth/clients.ts';
import { systemAccess } from '../auth/system-access.ts';
import type { Context } from '../fhir/context.ts';
import { putTogether } from '../livedoc/put-together.ts';
import type { Parts } from '../open-parts.ts';
import { silent } from '../shared/logger.ts';
import { findUserByEmail } from '../store/accounts/users.ts';
import { addPeer } from '../store/dicom/peers.ts';
import type { FilmPatient } from './film.ts';
import { demoResources, filmed } from './patients.ts';
import { type DemoAccount, type DemoPlace, keepPlace, readPlace } from './place.ts';

export interface Hospital {
  readonly physician: DemoAccount;
  readonly staff: DemoAccount;
  readonly clientId: string;
  /** For whom the film is taken. */
  readonly film: { readonly patient: FilmPatient; readonly accession: string };
}

/** AE title of the PACS that pushes. */
export const pacsTitle = 'DEMO_PACS';

/** Nothing listens there: the demonstration reads the code out of the redirect itself. */
export const redirectUri = 'http://localhost:8765/callback';

const now = () => new Date();

const people = {
  physician: { role: 'MEDECIN', nom: 'Étienne-Dubœuf', prenom: 'Maïté' },
  staff: { role: 'PERSONNEL', nom: 'Nguyễn', prenom: 'Loïc' },
} as const;

/** The Practitioner of an account, made when it is not there yet. */
async function account(parts: Parts, who: keyof typeof people, { email, password }: DemoAccount): Promise<string> {
  const known = await findUserByEmail(parts.store.db, email);
  const { practitionerId } =
    known ?? (await addUser({ ...parts, log: silent, now }, { ...people[who], email, password }));
  return `Practitioner/${practitionerId}`;
}

async function client(parts: Parts, place: DemoPlace): Promise<string> {
  if (place.clientId) return place.clientId;
  const { clientId } = await addClient(parts.store, {
    name: 'LIVEDOC demo',
    kind: 'public',
    redirectUris: [redirectUri],
    scope: 'openid fhirUser user/*.cruds',
  });
  return clientId;
}

async function patients({ store, validate, integrity, base }: Parts, physician: string): Promise<void> {
  const found = await store.resources.read('Encounter', 'demo-consultation-000101');
  if (found && !found.deleted) return;
  const access = systemAccess('livedoc demo');
  const context: Context = { store, access, validate, integrity, now, base, log: silent };
  await putTogether(
    context,
    demoResources(physician, now()).map((resource) => ({ resource })),
  );
}

/** Opens the hospital on a running server's parts; what a former run made is used again. */
export async function openHospital({ parts }: { readonly parts: Parts }, dataDir: string): Promise<Hospital> {
  const place = await readPlace(dataDir);
  const physician = await account(parts, 'physician', place.physician);
  await account(parts, 'staff', place.staff);
  const clientId = await client(parts, place);
  await keepPlace(dataDir, { ...place, clientId });
  await addPeer(parts.store.db, { aeTitle: pacsTitle, host: '127.0.0.1', port: 11_113, returns: [] });
  await patients(parts, physician);
  return { ...place, clientId, film: filmed() };
}
