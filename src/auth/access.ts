/**
 * Makes of scopes and role the one value that says what a caller may see and do; denied unless both give it.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Access, Caller, Permission } from '../fhir/access.ts';
import { guardWays } from './guards.ts';
import { groupOf } from './resource-groups.ts';
import { both, type Extract, fulfils, type Ways } from './restriction.ts';
import { roleMay, seesAllAudit } from './role-table.ts';
import { type ResourceScope, resourceScopes } from './scopes.ts';

const nowhere: Ways = [];
const everywhere: Ways = [[]];

/** The scopes that count: those of a person for a person, of a system for a system. `patient/` needs a patient in context. */
function effective(caller: Caller, scope: string): readonly ResourceScope[] {
  const level = caller.userId === undefined ? 'system' : 'user';
  return resourceScopes(scope).filter((each) => each.level === level);
}

function scopeWays(scopes: readonly ResourceScope[], permission: Permission, type: string): Ways {
  const ways = scopes
    .filter((scope) => (scope.type === '*' || scope.type === type) && scope.permissions.has(permission))
    .map((scope) => scope.query);
  return ways.some((way) => way.length === 0) ? everywhere : ways;
}

/** What the role leaves of `ways`. */
function underRole(caller: Caller, permission: Permission, type: string, ways: Ways): Ways {
  if (caller.userId === undefined) return ways;
  if (!caller.role || !roleMay(caller.role, permission, groupOf(type))) return nowhere;
  if (type !== 'AuditEvent' || seesAllAudit.has(caller.role)) return ways;
  const { practitioner } = caller;
  return practitioner ? both(ways, [[['agent', practitioner]]]) : nowhere;
}

/** Who has the scope `fhirUser` may read the resource that it names. */
function ownPractitioner({ practitioner }: Caller, permission: Permission, type: string, words: Set<string>): Ways {
  if (permission !== 'r' || type !== 'Practitioner' || !practitioner || !words.has('fhirUser')) return nowhere;
  return [[['_id', practitioner.slice('Practitioner/'.length)]]];
}

/** What an access says apart from who asks: the same for all requests of one token. */
export type Rules = Omit<Access, 'caller'>;

/**
 * The rules for `caller` with the granted `scope`. A caller with a `userId` is a person and is held to its role; one
 * without is a backend service and has `system/` scopes only.
 */
export function rulesOf(caller: Caller, scope: string, extract: Extract): Rules {
  const scopes = effective(caller, scope);
  const words = new Set(scope.split(' '));
  const known = new Map<string, Ways>();

  const waysOf = (permission: Permission, type: string): Ways => {
    const key = `${permission} ${type}`;
    const before = known.get(key);
    if (before) return before;
    const given = both(
      underRole(caller, permission, type, scopeWays(scopes, permission, type)),
      guardWays(permission, type, caller),
    );
    const ways = given.some((way) => way.length === 0)
      ? everywhere
      : [...given, ...ownPractitioner(caller, permission, type, words)];
    // Only what a type may be called is remembered: a client could invent names for ever.
    if (groupOf(type)) known.set(key, ways);
    return ways;
  };
  const everyOne = (permission: Permission, type: string) => waysOf(permission, type).some((way) => way.length === 0);
  const scopeGives = (permission: Permission, type: string) =>
    scopeWays(scopes, permission, type).some((way) => way.length === 0);
  const { role, practitioner } = caller;
  const isSystem = caller.userId === undefined;
  const isCarer = role === 'MEDECIN' || role === 'PERSONNEL';

  const features = {
    images: () => everyOne('r', 'ImagingStudy'),
    submit: () => (isSystem || isCarer) && scopeGives('c', 'ImagingStudy'),
    validation: () => role === 'MEDECIN' && practitioner !== undefined && scopeGives('u', 'DiagnosticReport'),
    accounts: () => role === 'ADMINISTRATEUR' && everyOne('u', 'Practitioner'),
    audit: () => everyOne('r', 'AuditEvent'),
  };
  return {
    may: (permission: Permission, type: string) => waysOf(permission, type).length > 0,
    mayTouch: (permission: Permission, resource: Resource) =>
      waysOf(permission, resource.resourceType).some((way) => fulfils(resource, way, extract)),
    restrict: waysOf,
    mayUse: (feature: keyof typeof features) => features[feature](),
  };
}

/** The access of `caller` with the granted `scope`. */
export function accessOf(caller: Caller, scope: string, extract: Extract): Access {
  return Object.freeze({ ...rulesOf(caller, scope, extract), caller });
}
