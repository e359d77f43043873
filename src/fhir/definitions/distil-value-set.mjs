/**
 * Expands the value sets that can be listed from the code systems at hand; a set that cannot (UCUM, SNOMED CT, mime
 * types) gives nothing rather than a part of itself.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */

/** More codes than this are not held in memory for the sake of one binding. */
const limit = 1000;

function* walk(concepts = []) {
  for (const concept of concepts) {
    yield concept;
    yield* walk(concept.concept);
  }
}

/** Parent by code: from nesting and from `subsumedBy`/`parent` properties. */
function parentsOf(system) {
  const parents = new Map();
  const add = (code, parent) => parents.set(code, [...(parents.get(code) ?? []), parent]);
  for (const concept of walk(system.concept)) {
    for (const child of concept.concept ?? []) add(child.code, concept.code);
    for (const { code, valueCode } of concept.property ?? []) {
      if (code === 'subsumedBy' || code === 'parent') add(concept.code, valueCode);
    }
  }
  return parents;
}

function isBelow(parents, code, ancestor) {
  return (parents.get(code) ?? []).some((parent) => parent === ancestor || isBelow(parents, parent, ancestor));
}

const filters = {
  'is-a': (parents, code, value) => code === value || isBelow(parents, code, value),
  'descendent-of': (parents, code, value) => isBelow(parents, code, value),
  'is-not-a': (parents, code, value) => code !== value && !isBelow(parents, code, value),
};

/** The codes of `include`'s system, or nothing when they cannot be listed. */
function codesOfSystem(include, system) {
  if (include.concept) return include.concept.map(({ code }) => code);
  if (system?.content !== 'complete') return undefined;
  const known = (include.filter ?? []).every(({ op, property }) => filters[op] && property === 'concept');
  if (!known) return undefined;
  const parents = parentsOf(system);
  return [...walk(system.concept)]
    .filter((concept) => !concept.property?.some(({ code, valueBoolean }) => code === 'notSelectable' && valueBoolean))
    .map(({ code }) => code)
    .filter((code) => (include.filter ?? []).every(({ op, value }) => filters[op](parents, code, value)));
}

const key = (system, code) => `${system}|${code}`;

/** A function that gives `{system: [codes]}` of a value set, or undefined when it cannot be listed in full. */
export function createExpander(valueSets, codeSystems) {
  /** @returns {Set<string> | undefined} keys of the included concepts */
  function part(include, seen) {
    let found;
    if (include.system) {
      const codes = codesOfSystem(include, codeSystems.get(include.system));
      if (!codes) return undefined;
      found = new Set(codes.map((code) => key(include.system, code)));
    }
    for (const url of include.valueSet ?? []) {
      const other = keys(url.split('|')[0], seen);
      if (!other) return undefined;
      found = found ? new Set([...found].filter((one) => other.has(one))) : other;
    }
    return found;
  }

  function keys(url, seen = []) {
    const compose = valueSets.get(url)?.compose;
    if (!compose || seen.includes(url)) return undefined;
    const included = compose.include.map((include) => part(include, [...seen, url]));
    const excluded = (compose.exclude ?? []).map((exclude) => part(exclude, [...seen, url]));
    if ([...included, ...excluded].some((one) => !one)) return undefined;
    const all = new Set(included.flatMap((one) => [...one]));
    for (const one of excluded.flatMap((set) => [...set])) all.delete(one);
    return all;
  }

  return (url) => {
    const all = keys(url);
    if (!all || all.size > limit) return undefined;
    const bySystem = {};
    for (const one of all) {
      const bar = one.lastIndexOf('|');
      const system = one.slice(0, bar);
      bySystem[system] ??= [];
      bySystem[system].push(one.slice(bar + 1));
    }
    return bySystem;
  };
}
