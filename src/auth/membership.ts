/**
 * Whether a resource is in a compartment, from its own index rows.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import type { Binary, Resource } from '@medplum/fhirtypes';
import { membershipPair, type Within } from '../fhir/access.ts';
import { compartmentParameters, isCompartmentType } from '../fhir/definitions/compartments.ts';
import { parseReference } from '../fhir/search/extract-reference.ts';
import type { IndexRow } from '../store/search/index-row.ts';

type Rows = readonly IndexRow[];

/** The names (or, on other servers, the URLs) that the parameters of a type's compartment point at. */
function pointedAt(resource: Resource, rows: Rows, compartment: string): readonly string[] {
  if (!isCompartmentType(compartment)) return [];
  const params = compartmentParameters(compartment, resource.resourceType).map(
    (code) => `${resource.resourceType}.${code}`,
  );
  return rows.flatMap((row) => {
    if (row.kind !== 'reference' || !params.includes(row.param)) return [];
    return row.target ? [`${row.target.type}/${row.target.id}`] : (row.url ?? []);
  });
}

function isIn(resource: Resource, rows: Rows, root: string): boolean {
  const name = `${resource.resourceType}/${resource.id ?? ''}`;
  return name === root || pointedAt(resource, rows, root.slice(0, root.indexOf('/'))).includes(root);
}

/** Whether a compartment's parameter points at another resource of its type, here or on another server. */
function isInAnother(resource: Resource, rows: Rows, root: string): boolean {
  const type = root.slice(0, root.indexOf('/'));
  return pointedAt(resource, rows, type).some(
    (name) => name !== root && (name.startsWith(`${type}/`) || name.includes(`/${type}/`)),
  );
}

function linksOf(resource: Resource, rows: Rows, code: string): readonly { type: string; id: string }[] {
  if (resource.resourceType === 'Binary') {
    // R4 has no search parameter for it.
    const found = parseReference((resource as Binary).securityContext?.reference ?? '');
    return found ? [found] : [];
  }
  return rows.flatMap((row) =>
    row.kind === 'reference' && row.param === `${resource.resourceType}.${code}` && row.target ? [row.target] : [],
  );
}

/** Whether the resource fulfils a pair that `membershipPair` names; undefined for another pair. */
export function membershipHolds(
  resource: Resource,
  rows: Rows,
  [name, value]: readonly [string, string],
  within: Within,
): boolean | undefined {
  const parts = membershipPair.exec(name);
  if (!parts) return undefined;
  const [, code, modifier] = parts;
  const roots = value.split(',');
  const isMember =
    code === undefined
      ? roots.some((root) => isIn(resource, rows, root))
      : linksOf(resource, rows, code).some((target) => roots.some((root) => within(target, root)));
  if (modifier === 'not') return !isMember;
  return isMember && (modifier !== 'only' || !roots.some((root) => isInAnother(resource, rows, root)));
}
