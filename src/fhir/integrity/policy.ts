/** Which resources' references have to resolve, as an installation sets it. */
import type { Resource } from '@medplum/fhirtypes';

export type Mode = 'enforce' | 'warn' | 'off';

export interface Policy {
  /** What the canonical URLs of this server's own profiles begin with. */
  readonly own: string;
  /** By class: `livedoc` for what claims one of the own profiles, a resource type, `*` for everything else. */
  readonly modes: Readonly<Record<string, Mode>>;
}

export interface Integrity {
  readonly policy: Policy;
  /** `Type/id` of resources that were there not long ago: only a remark is at stake, so that it may be late. */
  readonly seen: Set<string>;
}

/** The modes of a setting such as `livedoc=enforce,*=warn`, which `config` has checked. */
export function modesOf(setting: string): Policy['modes'] {
  return Object.fromEntries(setting.split(',').map((part) => part.split('=') as [string, Mode]));
}

/** Their references are to what they hold themselves, or nothing of the server's data. */
const neverChecked = new Set(['Bundle', 'Parameters', 'AuditEvent', 'OperationOutcome']);

/** The mode for a resource. */
export function modeOf({ own, modes }: Policy, { resourceType, meta }: Resource): Mode {
  if (neverChecked.has(resourceType)) return 'off';
  const profiles = Array.isArray(meta?.profile) ? meta.profile : [];
  const isOwn = profiles.some((profile) => String(profile).startsWith(own));
  const classes = isOwn ? ['livedoc', '*'] : [resourceType, '*'];
  return classes.map((name) => (Object.hasOwn(modes, name) ? modes[name] : undefined)).find((mode) => mode) ?? 'off';
}

/** Whether there is anything whose references have to resolve, so that deletions have to be looked at. */
export function enforcesAny({ modes }: Policy): boolean {
  return Object.values(modes).includes('enforce');
}
