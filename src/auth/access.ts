/**
 * Makes of scopes and role the one value that says what a caller may see and do; denied unless both give it.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Access, Caller, Permission, Within } from '../fhir/access.ts';
import { appStateWays } from './app-state.ts';
import { guardWays } from './guards.ts';
import { patientWays } from './patient-compartment.ts';
import { groupOf } from './resource-groups.ts';
import { both, type Extract, fulfils, merged, type Ways } from './restriction.ts';
import { roleMay, seesAllAudit } from './role-table.ts';
import { type ResourceScope, resourceScopes } from './scopes.ts';

const nowhere: Ways = [];
const everywhere: Ways = [[]];

const isOpen = (ways: Ways) => ways.some((way) => way.length === 0);

/** The scopes that count: those of a person for a person, of a system for a system. `patient/` needs a patient in context. */
function effective(caller: Caller, scope: string): readonly ResourceScope[] {
  const levels =
    caller.userId === undefined ? ['system'] : caller.patient === undefined ? ['user'] : ['user', 'patient'];
  return resourceScopes(scope).filter(({ level }) => levels.includes(level));
}

function scopeWays(caller: Caller, scopes: readonly ResourceScope[], permission: Permission, type: string): Ways {
  const ways = scopes
    .filter((scope) => (scope.type === '*' || scope.type === type) && scope.permissions.has(permission))
    .flatMap(({ level, query }) => {
      const within = level === 'patient' ? patientWays(permission, type, caller.patient ?? '') : everywhere;
      return both([query], within);
    });
  return isOpen(ways) ? everywhere : merged(ways);
}

/** What the role leaves of `ways`. */
function underRole(caller: Caller, permission: Permission, type: string, ways: Ways): Ways {
  if (caller.userId === undefined) return ways;
  // An application's own state is no part of the record that roles are about.
  if (type === 'Basic') return both(ways, appStateWays(caller, permission));
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
      underRole(caller, permission, type, scopeWays(caller, scopes, permission, type)),
      guardWays(permission, type, caller),
    );
    const ways = isOpen(given) ? everywhere : [...given, ...ownPractitioner(caller, permission, type, words)];
    // Only what a type may be called is remembered: a client could invent names for ever.
    if (groupOf(type)) known.set(key, ways);
    return ways;
  };
  const everyOne = (permission: Permission, type: string) => isOpen(waysOf(permission, type));
  const scopeGives = (permission: Permission, type: string) => isOpen(scopeWays(caller, scopes, permission, type));
  const { role, practitioner } = caller;
  const isSystem = caller.userId === undefined;
  const isCarer = role === 'MEDECIN' || role === 'PERSONNEL';

  const features = {
    images: () => everyOne('r', 'ImagingStudy'),
    submit: () => (isSystem || isCarer) && scopeGives('c', 'ImagingStudy'),
    validation: () => role === 'MEDECIN' && practitioner !== undefined && scopeGives('u', 'DiagnosticReport'),
    accounts: () => role === 'ADMINISTRATEUR' && everyOne('u', 'Practitioner'),
    audit: () => everyOne('r', 'AuditEvent'),
    // A system is registered for it; a person shows an application what may be read anyway.
    launches: () => (isSystem ? words.has('launch') : waysOf('r', 'Patient').length > 0),
  };
  return {
    may: (permission: Permission, type: string) => waysOf(permission, type).length > 0,
    mayTouch: (permission: Permission, resource: Resource, within?: Within) =>
      fulfils(resource, waysOf(permission, resource.resourceType), extract, within),
    mayName: (type: string) => scopeGives('u', type),
    restrict: waysOf,
    mayUse: (feature: keyof typeof features) => features[feature](),
  };
}

/** The access of `caller` with the granted `scope`. */
export function accessOf(caller: Caller, scope: string, extract: Extract): Access {
  return Object.freeze({ ...rulesOf(caller, scope, extract), caller });
}
