/**
 * Whether definitions are such as one should rely on: withdrawn, deprecated, experimental, or drafts.
 * https://hl7.org/fhir/R4/versions.html#std-process
 */
import type { ValueSet } from '@medplum/fhirtypes';
import type { Composed } from './compose.ts';
import { canonicalText } from './source.ts';
import type { About } from './system.ts';

type Standing = 'withdrawn' | 'deprecated' | 'experimental' | 'draft';

interface Doubtful {
  readonly standing: Standing;
  readonly type: 'ValueSet' | 'CodeSystem';
  readonly canonical: string;
}

const status = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status';

function standingOf(definition: Pick<ValueSet, 'extension' | 'experimental'> & { readonly status?: string }) {
  const { extension = [], experimental } = definition;
  const stated = extension.find(({ url }) => url === status)?.valueCode;
  if (stated === 'withdrawn' || stated === 'deprecated') return stated;
  if (experimental === true) return 'experimental';
  return definition.status === 'draft' ? 'draft' : undefined;
}

/** The value set and those that it imports. */
function setsOf({ valueSet, include }: Composed): readonly ValueSet[] {
  return [valueSet, ...include.flatMap(({ imports }) => imports.flatMap(setsOf))];
}

const young = new Set<string | undefined>(['experimental', 'draft']);

/** The definitions behind an answer that are worth a remark; of a value set that is a draft itself, drafts are not. */
export function doubtful(composed: Composed, systems: readonly About[]): readonly Doubtful[] {
  const isYoung = young.has(standingOf(composed.valueSet));
  const sets = [...new Set(setsOf(composed))].flatMap((valueSet): Doubtful[] => {
    const { url, version } = valueSet;
    const standing = standingOf(valueSet);
    if (!standing || young.has(standing) || url === undefined) return [];
    return [{ standing, type: 'ValueSet', canonical: canonicalText({ url, version }) }];
  });
  const used = systems.flatMap((about): Doubtful[] => {
    const standing = standingOf(about);
    if (!standing || (isYoung && young.has(standing))) return [];
    return [{ standing, type: 'CodeSystem', canonical: canonicalText(about) }];
  });
  return [...sets, ...used];
}
