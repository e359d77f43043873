/**
 * SMART scopes, versions 1 and 2: what one says, whether one covers another, what two have in common.
 * http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
 */
import type { Permission } from '../fhir/access.ts';
import { isResourceType } from '../fhir/definitions/types.ts';
import { isJudgeable } from './scope-query.ts';

/** One scope on FHIR resources: `user/Observation.rs?category=laboratory`, `system/*.cruds`, `patient/Patient.read`. */
export interface ResourceScope {
  readonly level: 'patient' | 'user' | 'system';
  /** A resource type, or `*`. */
  readonly type: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Search parameters that narrow it; empty for none. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** As it was written. */
  readonly text: string;
}

/** Scopes on no resource that this server grants. */
export const otherScopes: ReadonlySet<string> = new Set([
  'openid',
  'fhirUser',
  'profile',
  'launch',
  'launch/patient',
  'launch/encounter',
  'offline_access',
  'online_access',
]);

/** Registered for a resource server that asks about the tokens of other clients; never granted to anybody. */
export const introspectionScope = 'introspection';

/** Longer requests are refused: no app needs them, and every request with the token would pay for them. */
export const maximumScopeLength = 8192;

const grammar =
  /^(?<level>patient|user|system)\/(?<type>\*|[A-Z][A-Za-z]{1,63})\.(?:(?<v1>read|write|\*)|(?<v2>(?=[cruds])c?r?u?d?s?)(?:\?(?<query>\S+))?)$/;

const v1Letters: Readonly<Record<string, string>> = { read: 'rs', write: 'cud', '*': 'cruds' };

function queryOf(text: string | undefined): readonly (readonly [string, string])[] {
  return text === undefined ? [] : [...new URLSearchParams(text)];
}

/** The scope on resources that `text` is, or undefined. */
export function parseScope(text: string): ResourceScope | undefined {
  const parts = grammar.exec(text)?.groups;
  if (!parts) return undefined;
  const type = parts['type'] as string;
  if (type !== '*' && !isResourceType(type)) return undefined;
  const query = queryOf(parts['query']);
  // What could not be judged is not granted.
  if (!query.every((pair) => isJudgeable(type, pair))) return undefined;
  const letters = parts['v2'] ?? v1Letters[parts['v1'] ?? ''] ?? '';
  return {
    level: parts['level'] as ResourceScope['level'],
    type,
    permissions: new Set(letters as Iterable<Permission>),
    query,
    text,
  };
}

/** The scopes on resources among the words of a scope string, each once. */
export function resourceScopes(scope: string): readonly ResourceScope[] {
  return [...new Set(scope.split(' '))].flatMap((word) => parseScope(word) ?? []);
}

/** The words of version 1 for letters that it has. */
const v1Words = new Map(Object.entries(v1Letters).map(([word, letters]) => [letters, word]));

const isV1 = ({ text }: ResourceScope) => /\.(read|write|\*)$/.test(text);

const queryText = ({ text }: ResourceScope) => (text.includes('?') ? text.slice(text.indexOf('?')) : '');

/** The query of what both have; undefined when each has another one, for which no scope can be written. */
function commonQuery(asked: ResourceScope, registered: ResourceScope): string | undefined {
  if (registered.query.length === 0) return queryText(asked);
  if (asked.query.length === 0 || queryText(asked) === queryText(registered)) return queryText(registered);
  return undefined;
}

/** What is left of `asked` under `registered`: itself, the same for fewer letters, types or resources, or nothing. */
function common(asked: ResourceScope, registered: ResourceScope): string | undefined {
  const type = asked.type === '*' ? registered.type : asked.type;
  const query = commonQuery(asked, registered);
  const letters = [...asked.permissions].filter((letter) => registered.permissions.has(letter)).join('');
  if (asked.level !== registered.level || query === undefined || letters === '') return undefined;
  if (registered.type !== '*' && registered.type !== type) return undefined;
  const whole = type === asked.type && letters.length === asked.permissions.size && query === queryText(asked);
  if (whole) return asked.text;
  // Who asked in the words of version 1 may know no others.
  const permissions = isV1(asked) && query === '' ? (v1Words.get(letters) ?? letters) : letters;
  return `${asked.level}/${type}.${permissions}${query}`;
}

/**
 * The words of `asked` that a client registered with `registered` may be granted; a scope on resources that goes beyond
 * is cut down to what both have, other words must be registered as they are. Levels outside `levels` are dropped.
 */
export function allowedScope(
  asked: string,
  registered: string,
  levels: readonly ResourceScope['level'][],
): readonly string[] {
  const known = new Set(registered.split(' '));
  const resources = resourceScopes(registered).filter(({ level }) => levels.includes(level));
  const granted = asked.split(' ').flatMap((word) => {
    if (otherScopes.has(word)) return known.has(word) ? [word] : [];
    const scope = parseScope(word);
    if (!scope) return [];
    const parts = resources.flatMap((each) => common(scope, each) ?? []);
    return parts.includes(word) ? [word] : parts;
  });
  return [...new Set(granted)];
}

/** The words that are no scope of this server, so that a registration can be refused by name. */
export function unknownScopes(scope: string): readonly string[] {
  return scope
    .split(' ')
    .filter((word) => !otherScopes.has(word) && word !== introspectionScope && parseScope(word) === undefined);
}
