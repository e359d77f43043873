/**
 * Which Basic resources an application keeps for a person: its own state, under codes of its own origin, about the person,
 * the patient in context, or nobody. https://hl7.org/fhir/smart-app-launch/app-state.html#security-and-access-controls
 */
import type { Caller, Permission } from '../fhir/access.ts';
import type { Ways } from './restriction.ts';

/**
 * The code systems that belong to an application: the web origins to which its codes are sent, which nobody else has. A
 * program on somebody's machine has none.
 */
export function stateSystems(redirectUris: readonly string[]): readonly string[] {
  const urls = redirectUris.flatMap((uri) => URL.parse(uri) ?? []);
  return [...new Set(urls.filter(({ protocol }) => protocol === 'https:').map(({ origin }) => origin))];
}

/** For persons; state of the application as a whole is written where an administrator is signed in. */
export function appStateWays(
  { stateSystems: systems = [], practitioner, patient, role }: Caller,
  permission: Permission,
): Ways {
  if (systems.length === 0) return [];
  const code = ['code', systems.map((system) => `${system}|`).join(',')] as const;
  const subjects = [practitioner, patient && `Patient/${patient}`].filter((each) => each !== undefined && each !== '');
  const isReading = permission === 'r' || permission === 's';
  return [
    ...(subjects.length > 0 ? [[code, ['subject', subjects.join(',')] as const]] : []),
    ...(isReading || role === 'ADMINISTRATEUR' ? [[code, ['subject:missing', 'true'] as const]] : []),
  ];
}
