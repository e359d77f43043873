/** Gives patients their numero_dossier, whatever way they come in. */
import type { Identifier, Patient } from '@medplum/fhirtypes';
import { members, objectsOf } from '../fhir/json/members.ts';
import type { Body } from '../fhir/reply.ts';
import { nextNumeroDossier } from '../store/numbering/next-numero-dossier.ts';
import { numeroDossierOf } from '../store/numbering/numero-dossier-of.ts';
import type { Database } from '../store/store.ts';
import { sid, systems } from './canonical.ts';

const system = sid('numero-dossier');

export function numeroIdentifier(value: string): Identifier {
  return { type: { coding: [{ system: systems.identifierType, code: 'MR' }] }, system, value };
}

export function numeroOf(patient: Patient): string | null {
  return patient.identifier?.find((each) => each.system === system)?.value ?? null;
}

export interface NumberingOptions {
  /** Of the patient, when it may exist. */
  readonly id?: string;
  readonly now: Date;
  /** Where numbers of a year come from; the database's sequence unless told. */
  readonly next?: (year: number) => Promise<string>;
}

/**
 * The body of a Patient that is about to be written, with a number when it brings none: the one that `id` has already,
 * or the next of the year. Every other body comes back as it is. Call it before validation; a number that another patient
 * has is refused by the database when the Patient is written (`conflict`).
 */
export async function numbered(
  db: Database,
  body: Body,
  { id, now, next = (year) => nextNumeroDossier(db, year) }: NumberingOptions,
): Promise<Body> {
  const { resource } = body;
  if (resource.resourceType !== 'Patient' || numeroOf(resource) !== null) return body;
  if (resource.identifier !== undefined && !Array.isArray(resource.identifier)) return body;
  const known = id === undefined ? undefined : await numeroDossierOf(db, `Patient/${id}`);
  const identifier = numeroIdentifier(known ?? (await next(now.getUTCFullYear())));
  return {
    resource: { ...resource, identifier: [...(resource.identifier ?? []), identifier] },
    text: withIdentifier(body.text, JSON.stringify(identifier)),
  };
}

/** Spliced, because the client's text is stored as it came. */
function withIdentifier(text: string, identifier: string): string {
  const all = members(text, text.indexOf('{'));
  const present = all.find(({ name }) => name === 'identifier');
  if (present) {
    const comma = objectsOf(text, present.start).length > 0 ? ',' : '';
    return `${text.slice(0, present.end - 1)}${comma}${identifier}${text.slice(present.end - 1)}`;
  }
  const at = all.find(({ name }) => name === 'resourceType')?.end ?? text.length - 1;
  return `${text.slice(0, at)},"identifier":[${identifier}]${text.slice(at)}`;
}
