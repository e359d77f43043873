/** Keeps `active` of a person's Practitioner and PractitionerRoles in step with the account. */
import type { Context } from '../fhir/context.ts';
import { update } from '../fhir/interactions/update.ts';
import { parseText } from '../fhir/json/body.ts';
import { members } from '../fhir/json/members.ts';
import type { Version } from '../store/resources/version.ts';

/** The text with `active` set; every other byte stays. */
function withActive(text: string, active: boolean): string {
  const all = members(text, text.indexOf('{'));
  const member = all.find(({ name }) => name === 'active');
  if (member) return `${text.slice(0, member.start)}${active}${text.slice(member.end)}`;
  const at = all.find(({ name }) => name === 'resourceType')?.end ?? text.indexOf('{') + 1;
  return `${text.slice(0, at)},"active":${active}${text.slice(at)}`;
}

/** The PractitionerRoles of the person. */
export async function rolesOf({ store }: Context, practitionerId: string): Promise<readonly Version[]> {
  const { versions } = await store.search({
    type: 'PractitionerRole',
    where: [
      {
        kind: 'reference',
        param: 'PractitionerRole.practitioner',
        any: [{ type: 'Practitioner', id: practitionerId }],
      },
    ],
    sort: [],
    count: 100,
    total: 'none',
  });
  return versions;
}

export async function setActive(context: Context, practitionerId: string, active: boolean): Promise<void> {
  const practitioner = await context.store.resources.read('Practitioner', practitionerId);
  const versions = [practitioner, ...(await rolesOf(context, practitionerId))];
  for (const version of versions) {
    if (!version || version.deleted) continue;
    const { type, id, body } = version;
    const text = withActive(body, active);
    if (text !== body) await update(context, { type, id, body: parseText(text), ifMatch: version.version });
  }
}
