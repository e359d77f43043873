/**
 * Which concept is below which: from nesting and from the properties `parent`, `subsumedBy` and `child`.
 * https://hl7.org/fhir/R4/codesystem.html#hierarchy
 */
import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';

export interface Hierarchy {
  readonly parents: ReadonlyMap<string, readonly string[]>;
  readonly children: ReadonlyMap<string, readonly string[]>;
}

const propertyBase = 'http://hl7.org/fhir/concept-properties#';

/** The codes under which a system declares one of FHIR's own concept properties, and the plain one. */
export function propertyCodes(system: Pick<CodeSystem, 'property'>, name: string): ReadonlySet<string> {
  const declared = (system.property ?? []).filter(({ uri }) => uri === `${propertyBase}${name}`);
  const other = (system.property ?? []).some(
    ({ code, uri }) => code === name && uri && uri !== `${propertyBase}${name}`,
  );
  return new Set([...declared.flatMap(({ code }) => code ?? []), ...(other ? [] : [name])]);
}

/** All concepts in the order of the resource, each before those nested in it. */
export function* walk(
  concepts: readonly CodeSystemConcept[] = [],
  parent?: string,
): Generator<{ readonly concept: CodeSystemConcept; readonly parent: string | undefined }> {
  for (const concept of concepts) {
    yield { concept, parent };
    yield* walk(concept.concept, concept.code);
  }
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (!list) map.set(key, [value]);
  else if (!list.includes(value)) list.push(value);
}

export function hierarchyOf(system: CodeSystem): Hierarchy {
  const parents = new Map<string, string[]>();
  const children = new Map<string, string[]>();
  const up = new Set([...propertyCodes(system, 'parent'), 'subsumedBy']);
  const down = propertyCodes(system, 'child');
  for (const { concept, parent } of walk(system.concept)) {
    for (const [above, below] of linksOf(concept, parent, up, down)) {
      add(parents, below, above);
      add(children, above, below);
    }
  }
  return { parents, children };
}

/** [parent, child] pairs that one concept tells of. */
function linksOf(
  { code: own = '', property = [] }: CodeSystemConcept,
  parent: string | undefined,
  up: ReadonlySet<string>,
  down: ReadonlySet<string>,
): readonly (readonly [string, string])[] {
  const nested = parent === undefined ? [] : [[parent, own] as const];
  const said = property.flatMap(({ code = '', valueCode }) => {
    if (valueCode === undefined) return [];
    if (up.has(code)) return [[valueCode, own] as const];
    return down.has(code) ? [[own, valueCode] as const] : [];
  });
  return [...nested, ...said];
}

/** Everything reachable from `code` along `edges`, nearest first, without itself; cycles end. */
export function reach(edges: ReadonlyMap<string, readonly string[]>, code: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [...(edges.get(code) ?? [])];
  for (let at = 0; at < queue.length; at++) {
    const next = queue[at] as string;
    if (next === code || seen.has(next)) continue;
    seen.add(next);
    queue.push(...(edges.get(next) ?? []));
  }
  return seen;
}
