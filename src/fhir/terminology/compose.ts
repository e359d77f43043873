/**
 * A value set's definition, taken apart so that codes can be looked for in it and listed.
 * https://hl7.org/fhir/R4/valueset.html#compositions
 */
import type {
  ValueSet,
  ValueSetComposeInclude,
  ValueSetComposeIncludeConcept,
  ValueSetExpansionContains,
} from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { present } from './present.ts';
import type { Recent } from './recent.ts';
import type { NamedValueSet, Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import { type Filter, tooCostly } from './system.ts';

export interface Part {
  readonly system?: string;
  readonly version?: string;
  /** By code as written: only these codes. */
  readonly concepts?: ReadonlyMap<string, ValueSetComposeIncludeConcept>;
  readonly filters: readonly Filter[];
  /** A code has to be in all of them. */
  readonly imports: readonly Composed[];
}

export interface Composed {
  readonly valueSet: ValueSet;
  readonly include: readonly Part[];
  readonly exclude: readonly Part[];
  /** `compose.inactive`: false leaves inactive codes out. */
  readonly inactive: boolean;
}

/** Remembers what was taken apart, by the content's key. */
export type Memory = Pick<Recent<Promise<Composed>>, 'get' | 'set' | 'delete'>;

const parameterExtension = /\/valueset-expansion-param(?:eter)?$/;

/** The language that a value set wants to be shown in when nobody asks for another: by its own parameter, or its language. */
export function languageOf({ compose, language }: ValueSet): string | undefined {
  const own = (compose?.extension ?? [])
    .filter(({ url = '' }) => parameterExtension.test(url))
    .map(({ extension = [] }) => extension)
    .find((parts) => parts.some(({ url, valueCode }) => url === 'name' && valueCode === 'displayLanguage'));
  const value = own?.find(({ url }) => url === 'value');
  return value?.valueCode ?? value?.valueString ?? language;
}

/** How a value set is named in messages. */
export function valueSetText({ url, version }: ValueSet): string {
  return url === undefined ? '(unnamed)' : canonicalText({ url, version });
}

function cyclic(path: readonly string[]): FhirError {
  const message = `The value set ${path[0]} includes itself: ${path.join(' -> ')}.`;
  return new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'processing', diagnostics: message }],
  });
}

export function unknownValueSet(canonical: string): FhirError {
  const diagnostics = `A definition for the value Set '${canonical}' could not be found`;
  return new FhirError('notFound', diagnostics, {
    issues: [{ severity: 'error', code: 'not-found', kind: 'not-found', diagnostics }],
  });
}

/** A value set that has nothing but an expansion means what that lists. */
function includesOf({ compose, expansion }: ValueSet): readonly ValueSetComposeInclude[] {
  if (compose) return compose.include ?? [];
  const bySystem = new Map<string, ValueSetComposeInclude>();
  const collect = (contains: readonly ValueSetExpansionContains[] = []): void => {
    for (const { system, version, code, display, abstract, contains: inner } of contains) {
      if (system !== undefined && code !== undefined && !abstract) {
        const key = canonicalText({ url: system, version });
        const include = bySystem.get(key) ?? { system, ...(version ? { version } : {}), concept: [] };
        include.concept?.push({ code, ...(display ? { display } : {}) });
        bySystem.set(key, include);
      }
      collect(inner);
    }
  };
  collect(expansion?.contains);
  return [...bySystem.values()];
}

/** More value sets than this behind one are nobody's intention, nor more includes, nor more expressions to match. */
const mostImports = 1000;
const mostParts = 2000;
const mostExpressions = 20;

interface Work {
  readonly scope: Scope;
  /** What is finished: a value set that is imported twice is taken apart once. */
  readonly done: Map<string, Composed>;
  parts: number;
  expressions: number;
}

/** What a question may cost is known before it is asked. */
function count(work: Work, { filter = [] }: ValueSetComposeInclude, path: readonly string[]): void {
  work.parts++;
  work.expressions += filter.filter(({ op }) => op === 'regex').length;
  if (work.parts > mostParts) throw tooCostly(`${path[0]} has more than ${mostParts} includes.`);
  if (work.expressions > mostExpressions) {
    throw tooCostly(`${path[0]} has more than ${mostExpressions} regular expressions.`);
  }
}

async function partOf(work: Work, include: ValueSetComposeInclude, path: readonly string[]): Promise<Part> {
  const { system, version, concept, filter = [], valueSet: urls = [] } = include;
  count(work, include, path);
  const imports: Composed[] = [];
  for (const url of urls) imports.push(await imported(work, url, path));
  return {
    ...present({ system, version }),
    ...(concept ? { concepts: new Map(concept.map((one) => [one.code ?? '', one])) } : {}),
    filters: filter,
    imports,
  };
}

const supplementExtension = 'http://hl7.org/fhir/StructureDefinition/valueset-supplement';

/** A value set that says which supplements it was written with is not understood without them. */
async function demandSupplements({ scope }: Work, { extension = [], ...valueSet }: ValueSet): Promise<void> {
  for (const { url, valueCanonical } of extension) {
    if (url !== supplementExtension || valueCanonical === undefined) continue;
    if (await scope.hasSupplement(valueCanonical)) continue;
    const message = `The supplement ${valueCanonical}, which the value set ${valueSetText(valueSet)} needs, is not known.`;
    throw new FhirError('unprocessable', message, {
      issues: [{ severity: 'error', code: 'not-found', diagnostics: message }],
    });
  }
}

async function takeApart(work: Work, valueSet: ValueSet, path: readonly string[]): Promise<Composed> {
  await demandSupplements(work, valueSet);
  const include: Part[] = [];
  for (const one of includesOf(valueSet)) include.push(await partOf(work, one, path));
  const exclude: Part[] = [];
  for (const one of valueSet.compose?.exclude ?? []) exclude.push(await partOf(work, one, path));
  return { valueSet, include, exclude, inactive: valueSet.compose?.inactive !== false };
}

async function imported(work: Work, url: string, path: readonly string[]): Promise<Composed> {
  const found = await work.scope.valueSet(url);
  if (!found) throw unknownValueSet(url);
  const before = work.done.get(found.key);
  if (before) return before;
  const name = valueSetText(found.valueSet);
  if (path.includes(name)) throw cyclic([...path, name]);
  if (work.done.size >= mostImports) throw tooCostly(`${path[0]} includes more than ${mostImports} value sets.`);
  const composed = await takeApart(work, found.valueSet, [...path, name]);
  work.done.set(found.key, composed);
  return composed;
}

/** Takes a value set apart, and those that it imports. Throws `notFound` for an unknown import, `unprocessable` for a cycle. */
export function compose(scope: Scope, valueSet: ValueSet): Promise<Composed> {
  return takeApart({ scope, done: new Map(), parts: 0, expressions: 0 }, valueSet, [valueSetText(valueSet)]);
}

/** The same, kept under the content's key. */
export function composedOf(scope: Scope, memory: Memory, { valueSet, key }: NamedValueSet): Promise<Composed> {
  const before = memory.get(key);
  if (before) return before;
  const made = compose(scope, valueSet);
  memory.set(key, made);
  made.catch(() => memory.delete(key));
  return made;
}
