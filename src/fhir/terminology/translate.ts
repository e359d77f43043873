/**
 * ConceptMap/$translate.
 * https://hl7.org/fhir/R4/conceptmap-operation-translate.html
 */
import type {
  Coding,
  ConceptMap,
  ConceptMapGroup,
  ConceptMapGroupElementTarget,
  ConceptMapGroupElementTargetDependsOn,
} from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { canonicalOf, type Listed } from './source.ts';
import type { Match, TranslateAsked, Translation } from './terminology.ts';

type Equivalence = Match['equivalence'];

/** Read backwards, what was wider is narrower. */
const backwards: Readonly<Partial<Record<Equivalence, Equivalence>>> = {
  wider: 'narrower',
  narrower: 'wider',
  subsumes: 'specializes',
  specializes: 'subsumes',
};

/** `unmapped` of one map may send on to another: no farther than this. */
const farthest = 10;

interface Reading {
  readonly scope: Scope;
  readonly asked: TranslateAsked;
  readonly map: ConceptMap;
  readonly depth: number;
}

const sameSystem = (canonical: string | undefined, system: string | undefined) =>
  canonical === undefined || system === undefined || canonicalOf(canonical).url === canonicalOf(system).url;

function depends({ asked }: Reading, dependsOn: readonly ConceptMapGroupElementTargetDependsOn[] = []): boolean {
  return dependsOn.every(({ property, system, value }) =>
    asked.dependencies?.some(
      ({ element, concept }) =>
        element === property &&
        ((concept.coding ?? []).some((coding) => coding.code === value && sameSystem(system, coding.system)) ||
          concept.text === value),
    ),
  );
}

function matchOf(reading: Reading, concept: Coding, target: ConceptMapGroupElementTarget): Match {
  const { map, asked } = reading;
  const { equivalence = 'relatedto', product = [] } = target;
  return {
    equivalence: (asked.reverse ? backwards[equivalence] : undefined) ?? equivalence,
    concept,
    ...(product.length === 0
      ? {}
      : {
          product: product.map(({ property = '', system, value, display }) => ({
            element: property,
            concept: present({ system, code: value, display }),
          })),
        }),
    ...present({ source: map.url }),
  };
}

function forward(reading: Reading, group: ConceptMapGroup, coding: Coding): readonly Match[] {
  const elements = (group.element ?? []).filter(({ code }) => code === coding.code);
  return elements.flatMap(({ target = [] }) =>
    target
      .filter(({ dependsOn }) => depends(reading, dependsOn))
      .map((one) => {
        const { code, display } = one;
        const { target: system, targetVersion: version } = group;
        return matchOf(reading, present({ system, version, code, display }), one);
      }),
  );
}

function backward(reading: Reading, group: ConceptMapGroup, coding: Coding): readonly Match[] {
  return (group.element ?? []).flatMap(({ code, display, target = [] }) =>
    target
      .filter((one) => one.code === coding.code && depends(reading, one.dependsOn))
      .map((one) => {
        const { source: system, sourceVersion: version } = group;
        return matchOf(reading, present({ system, version, code, display }), one);
      }),
  );
}

/** https://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped */
async function unmapped(reading: Reading, group: ConceptMapGroup, coding: Coding): Promise<readonly Match[]> {
  const { mode, code, display, url } = group.unmapped ?? {};
  const system = group.target;
  const source = reading.map.url;
  if (mode === 'provided') {
    return [
      {
        equivalence: 'equal',
        concept: present({ system, code: coding.code, display: coding.display }),
        ...present({ source }),
      },
    ];
  }
  if (mode === 'fixed') {
    return [{ equivalence: 'relatedto', concept: present({ system, code, display }), ...present({ source }) }];
  }
  if (mode !== 'other-map' || url === undefined) return [];
  if (reading.depth >= farthest) {
    throw new FhirError('unprocessable', `The concept map ${source} sends on to others without end.`);
  }
  const other = await reading.scope.conceptMap(url);
  if (!other)
    throw new FhirError('unprocessable', `The concept map ${url}, to which ${source} sends on, is not known.`);
  return inMap({ ...reading, map: other, depth: reading.depth + 1 }, coding);
}

async function inGroup(reading: Reading, group: ConceptMapGroup, coding: Coding): Promise<readonly Match[]> {
  const { asked } = reading;
  const [from, to] = asked.reverse ? [group.target, group.source] : [group.source, group.target];
  if (!sameSystem(from, coding.system) || !sameSystem(to, asked.targetSystem)) return [];
  const stated = asked.reverse ? group.targetVersion : group.sourceVersion;
  if (stated !== undefined && coding.version !== undefined && stated !== coding.version) return [];
  if (asked.reverse) return backward(reading, group, coding);
  const found = forward(reading, group, coding);
  return found.length > 0 ? found : unmapped(reading, group, coding);
}

async function inMap(reading: Reading, coding: Coding): Promise<readonly Match[]> {
  const matches: Match[] = [];
  for (const group of reading.map.group ?? []) matches.push(...(await inGroup(reading, group, coding)));
  return matches;
}

/** The maps to look into: the one that was named, or all that fit what is known of source and target. */
async function mapsFor(scope: Scope, asked: TranslateAsked): Promise<readonly ConceptMap[]> {
  if (asked.conceptMap) return [asked.conceptMap];
  if (asked.url !== undefined) {
    const { url, version = asked.version } = canonicalOf(asked.url);
    const map = await scope.conceptMap(version === undefined ? url : `${url}|${version}`);
    if (!map) throw new FhirError('notFound', `The concept map ${asked.url} is not known.`);
    return [map];
  }
  const { reverse, source, target, targetSystem, codings } = asked;
  const fits = (listed: Listed) => {
    const [from, to] = reverse ? [listed.target, listed.source] : [listed.source, listed.target];
    const systems = (listed.groups ?? []).map((group) =>
      reverse ? { from: group.target, to: group.source } : { from: group.source, to: group.target },
    );
    return (
      (source === undefined || (from !== undefined && sameSystem(from, source))) &&
      (target === undefined || (to !== undefined && sameSystem(to, target))) &&
      systems.some(
        (group) => sameSystem(group.to, targetSystem) && codings.some(({ system }) => sameSystem(group.from, system)),
      )
    );
  };
  const maps = (await scope.conceptMaps()).filter(fits);
  return (await Promise.all(maps.map(({ read }) => read()))) as ConceptMap[];
}

/** https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html: these two say that there is no translation. */
const isNone = ({ equivalence }: Match) => equivalence === 'unmatched' || equivalence === 'disjoint';

async function named(scope: Scope, match: Match): Promise<Match> {
  const { system, version, code, display } = match.concept;
  if (display !== undefined || system === undefined || code === undefined) return match;
  const known = await scope.system(system, version);
  const concept = await known?.find(code);
  return concept?.display === undefined ? match : { ...match, concept: { ...match.concept, display: concept.display } };
}

/** Translates the first of the codings that can be translated. */
export async function translate(scope: Scope, asked: TranslateAsked): Promise<Translation> {
  const maps = await mapsFor(scope, asked);
  const found: Match[] = [];
  for (const coding of asked.codings) {
    for (const map of maps) {
      for (const match of await inMap({ scope, asked, map, depth: 0 }, coding)) found.push(await named(scope, match));
    }
    if (found.some((match) => !isNone(match))) break;
  }
  const result = found.some((match) => !isNone(match));
  if (result) return { result, matches: found };
  const message =
    maps.length === 0
      ? 'No concept map fits what was asked for.'
      : `No translation was found for ${asked.codings.map(({ system = '', code = '' }) => `${system}|${code}`).join(', ')}.`;
  return { result, message, matches: found };
}
