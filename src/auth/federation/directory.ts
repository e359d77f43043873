/** Keeps what the directory says of a person (role, national identifiers) in step with the identity provider. */
import type { CodeableConcept, Identifier } from '@medplum/fhirtypes';
import type { Context } from '../../fhir/context.ts';
import { update } from '../../fhir/interactions/update.ts';
import { parseText } from '../../fhir/json/body.ts';
import { type Member, members } from '../../fhir/json/members.ts';
import type { UserRole } from '../../store/accounts/users.ts';
import type { Version } from '../../store/resources/version.ts';
import { roleConcept, roleSystem } from '../accounts/directory.ts';
import { rolesOf } from '../activity.ts';

const memberOf = (text: string, name: string): Member | undefined =>
  members(text, text.indexOf('{')).find((member) => member.name === name);

/** The text with the member changed; every byte of the others stays. */
function withMember(text: string, name: string, change: (before: unknown) => unknown): string {
  const member = memberOf(text, name);
  const before: unknown = member && JSON.parse(text.slice(member.start, member.end));
  const after = change(before);
  if (after === before) return text;
  const json = JSON.stringify(after);
  if (member) return `${text.slice(0, member.start)}${json}${text.slice(member.end)}`;
  const at = memberOf(text, 'resourceType')?.end ?? text.indexOf('{') + 1;
  return `${text.slice(0, at)},"${name}":${json}${text.slice(at)}`;
}

async function put(context: Context, version: Version | undefined, change: (text: string) => string): Promise<void> {
  if (!version || version.deleted) return;
  const { type, id, body } = version;
  const text = change(body);
  if (text !== body) await update(context, { type, id, body: parseText(text), ifMatch: version.version });
}

/** A number replaces an older one of its kind; other identifiers stay. */
export async function setIdentifiers(
  context: Context,
  practitionerId: string,
  identifiers: readonly Identifier[],
): Promise<void> {
  if (identifiers.length === 0) return;
  const change = (before: unknown) => {
    const old = (before ?? []) as readonly Identifier[];
    const has = ({ system, value }: Identifier) => old.some((one) => one.system === system && one.value === value);
    if (identifiers.every(has)) return before;
    const others = old.filter(({ system }) => !identifiers.some((one) => one.system === system));
    return [...others, ...identifiers];
  };
  const practitioner = await context.store.resources.read('Practitioner', practitionerId);
  await put(context, practitioner, (text) => withMember(text, 'identifier', change));
}

/** The LIVEDOC role on the person's PractitionerRoles that have one. */
export async function setRole(context: Context, practitionerId: string, role: UserRole): Promise<void> {
  const isOurs = ({ coding }: CodeableConcept) => coding?.some(({ system }) => system === roleSystem) === true;
  const change = (before: unknown) => {
    const old = (before ?? []) as readonly CodeableConcept[];
    return old.some(isOurs) ? old.map((concept) => (isOurs(concept) ? roleConcept(role) : concept)) : before;
  };
  for (const version of await rolesOf(context, practitionerId)) {
    await put(context, version, (text) => withMember(text, 'code', change));
  }
}
