/**
 * Whether a code is in a value set, found out without listing the value set.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html
 */
import type { ValueSetComposeIncludeConcept } from '@medplum/fhirtypes';
import type { Composed, Part } from './compose.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import { type Concept, isComplete, type System } from './system.ts';

/** A code that is in a value set. */
export interface Hit {
  readonly system: string;
  readonly version?: string;
  readonly concept: Concept;
  /** Absent: nothing of the system is known, the value set lists the code itself. */
  readonly known?: System;
  /** How the value set itself lists it: its display and designations go before the system's. */
  readonly listed?: ValueSetComposeIncludeConcept;
}

export interface Sought {
  /** Absent: any system of the value set. */
  readonly system?: string;
  /** Used where the value set names no version. */
  readonly version?: string;
  readonly code: string;
}

/** What was missed on the way. */
export interface Trace {
  /** Canonicals of code systems that nothing is known of and that would have decided. */
  readonly unknownSystems: Set<string>;
}

/** The concept of a code that only the value set tells of. */
export function listedConcept({ code = '', display }: ValueSetComposeIncludeConcept): Concept {
  return { code, ...present({ display }), designation: [], property: [], abstract: false, inactive: false };
}

async function fulfilsAll(known: System, concept: Concept, { filters }: Part): Promise<boolean> {
  for (const filter of filters) if (!(await known.fulfils(concept, filter))) return false;
  return true;
}

async function inAll(scope: Scope, imports: readonly Composed[], sought: Sought, trace: Trace): Promise<boolean> {
  for (const one of imports) if (!(await findIn(scope, one, sought, trace))) return false;
  return true;
}

/** The code in the part's own system, before the part's imports are looked at. */
async function findBySystem(
  scope: Scope,
  part: Part & { readonly system: string },
  sought: Sought,
  trace: Trace,
): Promise<Hit | undefined> {
  if (sought.system !== undefined && sought.system !== part.system) return undefined;
  const version = part.version ?? sought.version;
  const known = await scope.system(part.system, version);
  const concept = await known?.find(sought.code);
  const listed = part.concepts?.get(concept?.code ?? sought.code);
  if (part.concepts && !listed) return undefined;
  const { system } = part;
  if (known && concept) {
    if (!(await fulfilsAll(known, concept, part))) return undefined;
    return { system, ...present({ version: known.about.version ?? version, listed }), concept, known };
  }
  // A value set that lists codes knows them, whether or not their system is at hand; one that is at hand decides.
  if (listed && part.filters.length === 0 && (!known || !isComplete(known.about))) {
    return { system, ...present({ version, known }), concept: listedConcept(listed), listed };
  }
  if (!known) trace.unknownSystems.add(canonicalText({ url: system, version }));
  return undefined;
}

async function findInPart(scope: Scope, part: Part, sought: Sought, trace: Trace): Promise<Hit | undefined> {
  const { system, imports } = part;
  if (system === undefined) {
    const [first, ...others] = imports;
    const hit = first && (await findIn(scope, first, sought, trace));
    if (!hit) return undefined;
    return (await inAll(scope, others, { ...sought, system: hit.system }, trace)) ? hit : undefined;
  }
  const hit = await findBySystem(scope, { ...part, system }, sought, trace);
  if (!hit) return undefined;
  return (await inAll(scope, imports, { ...sought, system }, trace)) ? hit : undefined;
}

/** Whether an `exclude` takes the code away. */
export async function isExcluded(scope: Scope, { exclude }: Composed, hit: Hit, trace: Trace): Promise<boolean> {
  const sought = { system: hit.system, ...present({ version: hit.version }), code: hit.concept.code };
  for (const part of exclude) {
    if (part.version !== undefined && hit.version !== undefined && part.version !== hit.version) continue;
    if (await findInPart(scope, part, sought, trace)) return true;
  }
  return false;
}

/** The code in the value set; undefined when it is not there. */
export async function findIn(scope: Scope, composed: Composed, sought: Sought, trace: Trace): Promise<Hit | undefined> {
  for (const part of composed.include) {
    const hit = await findInPart(scope, part, sought, trace);
    if (!hit || (!composed.inactive && hit.concept.inactive)) continue;
    if (!(await isExcluded(scope, composed, hit, trace))) return hit;
  }
  return undefined;
}
