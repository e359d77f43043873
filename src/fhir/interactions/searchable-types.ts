/** The resource types that a request to the whole system is about. */
import { FhirError } from '../../shared/errors.ts';
import type { Access, Permission } from '../access.ts';
import { resourceTypes } from '../definitions/types.ts';

/** Every type on which the caller may use the permission at all; throws `forbidden` when there is none. */
export function searchableTypes(access: Access, permission: Extract<Permission, 'r' | 's'>): readonly string[] {
  const types = resourceTypes().filter((type) => access.may(permission, type));
  if (types.length > 0) return types;
  throw new FhirError('forbidden', `You may not ${permission === 'r' ? 'read' : 'search'} anything.`);
}
