/** A person's Practitioner and PractitionerRole: how they are made, and kept in step with the account. */
import type {
  CodeableConcept,
  ContactPoint,
  HumanName,
  Identifier,
  Practitioner,
  PractitionerRole,
} from '@medplum/fhirtypes';
import type { Context } from '../../fhir/context.ts';
import { update } from '../../fhir/interactions/update.ts';
import { parseText } from '../../fhir/json/body.ts';
import { type Member, members } from '../../fhir/json/members.ts';
import type { User, UserRole } from '../../store/accounts/users.ts';
import type { Version } from '../../store/resources/version.ts';
import { rolesOf } from '../activity.ts';

type Person = Pick<User, 'email' | 'nom' | 'prenom' | 'role'>;

const snomedPhysician = { system: 'http://snomed.info/sct', code: '309343006', display: 'Physician' };
const roleSystem = 'https://livedoc.health/fhir/CodeSystem/user-role';
const profile = (name: string) => ({ profile: [`https://livedoc.health/fhir/StructureDefinition/livedoc-${name}`] });

export function practitionerOf({ email, nom, prenom }: Person): Practitioner {
  return {
    resourceType: 'Practitioner',
    meta: profile('practitioner'),
    active: true,
    name: [{ use: 'official', family: nom, given: [prenom] }],
    telecom: [{ system: 'email', value: email, use: 'work' }],
  };
}

/** What the role is on a PractitionerRole; for a physician in SNOMED CT too. */
function roleConcept(role: UserRole): CodeableConcept {
  const physician = role === 'MEDECIN' ? [snomedPhysician] : [];
  return { coding: [{ system: roleSystem, code: role }, ...physician] };
}

export function roleOf({ role, nom, prenom }: Person, practitionerId: string): PractitionerRole {
  return {
    resourceType: 'PractitionerRole',
    meta: profile('practitioner-role'),
    active: true,
    practitioner: { reference: `Practitioner/${practitionerId}`, display: `${prenom} ${nom}` },
    code: [roleConcept(role)],
  };
}

const memberOf = (text: string, name: string): Member | undefined =>
  members(text, text.indexOf('{')).find((member) => member.name === name);

/** The text with one member changed; every other byte stays, and all of it where `change` gives back what it got. */
function withMember<T>(text: string, name: string, change: (before: T | undefined) => T | undefined): string {
  const member = memberOf(text, name);
  const before = member && (JSON.parse(text.slice(member.start, member.end)) as T);
  const after = change(before);
  if (after === before) return text;
  const json = JSON.stringify(after);
  if (member) return `${text.slice(0, member.start)}${json}${text.slice(member.end)}`;
  const at = memberOf(text, 'resourceType')?.end ?? text.indexOf('{') + 1;
  return `${text.slice(0, at)},"${name}":${json}${text.slice(at)}`;
}

/** The official name; others, and further given names of the same person, stay. */
function named({ nom, prenom }: Person): (names?: HumanName[]) => HumanName[] {
  return (names = []) => {
    const old = names.find(({ use }) => use === 'official') ?? names[0];
    if (old?.family === nom && old.given?.[0] === prenom) return names;
    const { text, ...rest } = old ?? { use: 'official' as const };
    const renamed = { ...rest, family: nom, given: [prenom] };
    return old ? names.map((name) => (name === old ? renamed : name)) : [renamed];
  };
}

/** The address of the account; other contacts stay. */
function reached(before: Person, { email }: Person): (points?: ContactPoint[]) => ContactPoint[] {
  return (points = []) => {
    if (before.email === email) return points;
    const isOld = ({ system, value }: ContactPoint) => system === 'email' && value?.toLowerCase() === before.email;
    const others = points.filter((point) => !isOld(point));
    return [...others, { system: 'email', value: email, use: 'work' }];
  };
}

const isOurs = ({ coding }: CodeableConcept) => coding?.some(({ system }) => system === roleSystem) === true;

/** Our role's concept among those of a PractitionerRole; one that says nothing of it stays as it is. */
function employed(before: Person, { role }: Person): (concepts?: CodeableConcept[]) => CodeableConcept[] | undefined {
  return (concepts) => {
    if (before.role === role || !concepts?.some(isOurs)) return concepts;
    return concepts.map((concept) => (isOurs(concept) ? roleConcept(role) : concept));
  };
}

async function put(context: Context, version: Version | undefined, change: (text: string) => string): Promise<void> {
  if (!version || version.deleted) return;
  const { type, id, body } = version;
  const text = change(body);
  if (text !== body) await update(context, { type, id, body: parseText(text), ifMatch: version.version });
}

/** Numbers from another register; one replaces an older one of its kind, other identifiers stay. */
export async function setIdentifiers(
  context: Context,
  practitionerId: string,
  identifiers: readonly Identifier[],
): Promise<void> {
  if (identifiers.length === 0) return;
  const change = (old: Identifier[] = []) => {
    const has = ({ system, value }: Identifier) => old.some((one) => one.system === system && one.value === value);
    if (identifiers.every(has)) return old;
    return [...old.filter(({ system }) => !identifiers.some((one) => one.system === system)), ...identifiers];
  };
  const practitioner = await context.store.resources.read('Practitioner', practitionerId);
  await put(context, practitioner, (text) => withMember(text, 'identifier', change));
}

/** Brings the Practitioner and the PractitionerRoles in step with what has changed of the account. */
export async function followAccount(context: Context, before: User, after: User): Promise<void> {
  const { practitionerId } = before;
  const active = after.status === 'ACTIVE';
  const setActive = (text: string) => withMember<boolean>(text, 'active', () => active);
  const practitioner = await context.store.resources.read('Practitioner', practitionerId);
  await put(context, practitioner, (text) =>
    withMember(withMember(setActive(text), 'name', named(after)), 'telecom', reached(before, after)),
  );
  const display = `${after.prenom} ${after.nom}`;
  const isRenamed = display !== `${before.prenom} ${before.nom}`;
  const renamed = (who?: PractitionerRole['practitioner']) => (isRenamed ? { ...who, display } : who);
  for (const version of await rolesOf(context, practitionerId)) {
    await put(context, version, (text) =>
      withMember(withMember(setActive(text), 'code', employed(before, after)), 'practitioner', renamed),
    );
  }
}
