/**
 * What only the administration of patients' data does: to restrict a record (GDPR, article 18), to lift that, and to end a
 * Consent that nobody else could end because it denies everybody. Each with its reason, as the server's own write.
 */
import type { Coding, Consent, Resource } from '@medplum/fhirtypes';
import type { Access } from '../../fhir/access.ts';
import type { Context } from '../../fhir/context.ts';
import { notFound } from '../../fhir/interactions/guard.ts';
import { update } from '../../fhir/interactions/update.ts';
import { bodyOf } from '../../fhir/json/body.ts';
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import { actorOf, administration } from '../actor.ts';
import { restrictionSystem } from './labels.ts';

export interface Administering {
  /** The administrator's. */
  readonly context: Context;
  /** The server's own. */
  readonly server: Access;
  readonly reason: string;
}

const restricted: Coding = {
  system: restrictionSystem,
  code: 'restricted',
  display: 'Traitement limité (RGPD, article 18)',
};

async function current<T extends Resource>({ store }: Context, type: T['resourceType'], id: string) {
  const version = isId(id) ? await store.resources.read(type, id) : undefined;
  if (!version || version.deleted) throw notFound(`${type}/${id}`);
  return { resource: JSON.parse(version.body) as T, version: version.version };
}

/** Who administers; a refusal leaves its trace. */
async function demandAdministrator({ context: { access, store } }: Administering, subtype: string): Promise<void> {
  if (access.mayUse('accounts')) return;
  const denied = administration(actorOf(access.caller), { subtype, action: 'U' });
  await store.audit.append({ ...denied, type: 'access-denied', outcome: '4' });
  throw new FhirError('forbidden', "Patients' data are administered by administrators.");
}

/** One transaction: the new version, and why. */
async function change(
  { context, server, reason }: Administering,
  subtype: string,
  { resource, version }: { readonly resource: Resource & { readonly id?: string }; readonly version: number },
  patient: string,
): Promise<void> {
  const { resourceType: type, id = '' } = resource;
  const { caller } = context.access;
  await context.store.transaction(async (store) => {
    await update(
      { ...context, store, access: { ...server, caller } },
      { type, id, body: bodyOf(resource), ifMatch: version },
    );
    const record = administration(actorOf(caller), { subtype, action: 'U' }, { reason });
    const entities = [...record.entities, { reference: `${type}/${id}` }];
    await store.audit.append({ ...record, entities, patients: [patient] });
  });
}

/** Puts the label on a Patient, or takes it away; nothing happens to one that is so already. */
export async function restrictRecord(asked: Administering, id: string, isRestricted: boolean): Promise<void> {
  await demandAdministrator(asked, 'restriction');
  const { resource, version } = await current<Resource & { resourceType: 'Patient' }>(asked.context, 'Patient', id);
  const { security = [], ...meta } = resource.meta ?? {};
  const others = security.filter(({ system, code }) => system !== restricted.system || code !== restricted.code);
  if (others.length < security.length === isRestricted) return;
  const labels = isRestricted ? [...others, restricted] : others;
  const changed = { ...resource, meta: { ...meta, ...(labels.length > 0 ? { security: labels } : {}) } };
  const subtype = isRestricted ? 'restrict' : 'lift-restriction';
  await change(asked, subtype, { resource: changed, version }, `Patient/${id}`);
}

/** Makes a Consent inactive. Throws `notFound`, and `conflict` for one that is not active. */
export async function endConsent(asked: Administering, id: string): Promise<void> {
  await demandAdministrator(asked, 'end-consent');
  const { resource, version } = await current<Consent>(asked.context, 'Consent', id);
  if (resource.status !== 'active') throw new FhirError('conflict', `Consent/${id} is ${resource.status}.`);
  const { reference = '' } = resource.patient ?? {};
  await change(asked, 'end-consent', { resource: { ...resource, status: 'inactive' }, version }, reference);
}
