/** The PractitionerRoles of a person. */
import type { Context } from '../fhir/context.ts';
import type { Version } from '../store/resources/version.ts';

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
