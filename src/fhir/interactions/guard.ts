/** What every interaction asks of `Access` and of the resource types before it does anything. */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Access, Permission } from '../access.ts';
import { demandAppState } from '../app-state.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';

const words: Readonly<Record<Permission, string>> = {
  c: 'create',
  r: 'read',
  u: 'update',
  d: 'delete',
  s: 'search',
};

/** Throws `notFound` for what is no resource type of R4. */
export function demandType(type: string): void {
  if (!isResourceType(type)) throw new FhirError('notFound', `${type} is not a resource type of FHIR R4.`);
}

/** Throws `forbidden` unless the caller may use the permission on the type at all. */
export function demand(access: Access, permission: Permission, type: string): void {
  demandType(type);
  if (!access.may(permission, type)) throw forbidden(permission, type);
}

/** Throws `forbidden` unless the caller may use the permission on this very resource. */
export function demandTouch(access: Access, permission: Permission, resource: Resource): void {
  if (!access.mayTouch(permission, resource)) throw forbidden(permission, `this ${resource.resourceType}`);
  if (permission === 'c' || permission === 'u') demandAppState(access, resource);
}

/**
 * Throws `forbidden` for an id of the client's own that is free, as for one that belongs to what is out of its reach: who may
 * change only some resources of a type would learn which others are there.
 */
export function demandName(access: Access, type: string): void {
  if (!access.mayName(type)) throw forbidden('u', `this ${type}`);
}

function forbidden(permission: Permission, what: string): FhirError {
  return new FhirError('forbidden', `You may not ${words[permission]} ${what}.`);
}

/** AuditEvents are written by the server alone, and never changed. */
export function isServersOwn(type: string): boolean {
  return type === 'AuditEvent';
}

/** Throws `methodNotAllowed` for a type that no client may write. */
export function demandWritable(type: string): void {
  if (!isServersOwn(type)) return;
  throw new FhirError('methodNotAllowed', `A ${type} is written by the server alone, and never changed.`);
}

/** Whether every resource of the type is the caller's to use, so that none has to be looked at. */
export function isUnrestricted(access: Access, permission: Permission, type: string): boolean {
  if (type !== 'Binary' || (permission !== 'r' && permission !== 's')) return isOpen(access, permission, type);
  // Who sees a Binary depends on what its security context is, which may be of any type.
  return isOpen(access, permission, type) && resourceTypes().every((one) => isOpen(access, 'r', one));
}

function isOpen(access: Access, permission: Permission, type: string): boolean {
  if (access.veil?.excluded(permission, type)) return false;
  return access.restrict(permission, type).some((conditions) => conditions.length === 0);
}

export function notFound(name: string): FhirError {
  return new FhirError('notFound', `${name} is not known.`);
}

export function gone(name: string): FhirError {
  return new FhirError('gone', `${name} was deleted.`);
}
