/**
 * Observations in groups of the same code, of each only the newest: all translations of one code are the same, and what is
 * the same as one of them as well. https://hl7.org/fhir/R4/observation-operation-lastn.html
 */
import type { CodeableConcept, Observation } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import { parseDateRange } from '../search/dates.ts';

interface Timed {
  readonly version: Version;
  /** Milliseconds since 1970; -Infinity where none is said. */
  readonly at: number;
}

interface Group {
  keys: string[];
  /** Newest first; beyond the number that is wanted only those that are as new as the last of it. */
  members: Timed[];
}

/** Collects versions of observations in any order. */
export class Newest {
  readonly #max: number;
  readonly #groups = new Map<string, Group>();

  constructor(max: number) {
    this.#max = max;
  }

  add(version: Version): void {
    const observation = JSON.parse(version.body) as Observation;
    const keys = keysOf(observation.code);
    const known = new Set(keys.flatMap((key) => this.#groups.get(key) ?? []));
    const member = { version, at: timeOf(observation) };
    const group: Group = {
      keys: [...new Set([...keys, ...[...known].flatMap((one) => one.keys)])],
      members: this.#newest([...[...known].flatMap((one) => one.members), member]),
    };
    const [only] = known;
    if (only && known.size === 1 && only.keys.length === group.keys.length) only.members = group.members;
    else for (const key of group.keys) this.#groups.set(key, group);
  }

  /** The newest of all groups, newest first. */
  all(): readonly Version[] {
    const groups = new Set(this.#groups.values());
    return [...groups]
      .flatMap(({ members }) => members)
      .sort(newestFirst)
      .map(({ version }) => version);
  }

  #newest(members: Timed[]): Timed[] {
    const sorted = members.sort(newestFirst);
    const last = sorted[this.#max - 1];
    return last ? sorted.filter(({ at }, place) => place < this.#max || at === last.at) : sorted;
  }
}

function newestFirst(a: Timed, b: Timed): number {
  if (a.at === b.at) return a.version.id < b.version.id ? -1 : 1;
  return b.at > a.at ? 1 : -1;
}

/** A concept by its codes; one without any by its text. */
function keysOf(concept: CodeableConcept | undefined): string[] {
  const codings = (concept?.coding ?? []).filter(({ code }) => code !== undefined);
  if (codings.length > 0) return codings.map(({ system = '', code }) => `c ${system}|${code}`);
  return [`t ${concept?.text ?? ''}`];
}

/** When the observation was true: the moment, the end of the period, or the latest of the times. */
function timeOf(observation: Observation): number {
  const { effectiveDateTime, effectiveInstant, effectivePeriod, effectiveTiming } = observation;
  const said = [
    effectiveDateTime,
    effectiveInstant,
    effectivePeriod?.end ?? effectivePeriod?.start,
    ...(effectiveTiming?.event ?? []),
  ];
  const times = said.flatMap((text) => (text === undefined ? [] : (parseDateRange(text)?.low ?? [])));
  return Math.max(Number.NEGATIVE_INFINITY, ...times);
}
