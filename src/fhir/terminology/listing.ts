/**
 * Lists the codes of a value set.
 * https://hl7.org/fhir/R4/valueset.html#expansion
 */
import { setImmediate as others } from 'node:timers/promises';
import { FhirError } from '../../shared/errors.ts';
import { type Composed, type Part, valueSetText } from './compose.ts';
import { findIn, type Hit, isExcluded, listedConcept, type Trace } from './membership.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import { isComplete, type System, tooCostly } from './system.ts';
import { haveWords } from './words.ts';

export interface Listing {
  /** Folded words that displays are to have. */
  readonly words: readonly string[];
  /** More codes than this are `too-costly`. */
  readonly limit: number;
}

/** After so many codes other requests get their turn: awaiting what is in memory gives them none. */
const turn = 500;

const nothing = (): Trace => ({ unknownSystems: new Set() });

function unknownSystem(system: string, { valueSet }: Composed): FhirError {
  const message = `A definition for CodeSystem '${system}' could not be found, so the value set ${valueSetText(valueSet)} cannot be expanded.`;
  return new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'not-found', diagnostics: message }],
  });
}

async function listedHits(
  known: System | undefined,
  part: Part & { readonly system: string },
  { words }: Listing,
): Promise<Hit[]> {
  const { system, concepts = new Map(), filters, version } = part;
  const hits: Hit[] = [];
  for (const listed of concepts.values()) {
    const found = await known?.find(listed.code ?? '');
    // What a complete system does not have is a mistake of the value set, and no code.
    if (!found && known && isComplete(known.about)) continue;
    const concept = found ?? listedConcept(listed);
    const names = [listed.display ?? concept.display, concept.code, ...concept.designation.map(({ value }) => value)];
    if (!haveWords(names, words)) continue;
    let fulfils = true;
    for (const filter of filters) fulfils &&= known !== undefined && (await known.fulfils(concept, filter));
    if (fulfils)
      hits.push({ system, ...present({ version: known?.about.version ?? version, known }), concept, listed });
  }
  return hits;
}

async function hitsOfSystem(
  scope: Scope,
  composed: Composed,
  part: Part & { readonly system: string },
  listing: Listing,
): Promise<Hit[]> {
  const { system, version } = part;
  const known = await scope.system(system, version);
  if (part.concepts) return listedHits(known, part, listing);
  if (!known) throw unknownSystem(canonicalText({ url: system, version }), composed);
  // Imports and excludes may take most of them away again: the limit is for what is left.
  const narrowed = part.imports.length > 0 || composed.exclude.length > 0;
  const limit = narrowed ? listing.limit * 10 : listing.limit;
  const concepts = await known.select({ filters: part.filters, words: listing.words, limit });
  return concepts.map((concept) => ({
    system,
    ...present({ version: known.about.version ?? version }),
    concept,
    known,
  }));
}

/** The imported value set that can be listed, and the others, in which its codes are looked for. */
async function hitsOfImports(scope: Scope, imports: readonly Composed[], listing: Listing): Promise<Hit[]> {
  let refused: unknown;
  for (const first of imports) {
    try {
      const hits = await list(scope, first, listing);
      return await keepThose(hits, (hit) =>
        inAll(
          scope,
          imports.filter((one) => one !== first),
          hit,
        ),
      );
    } catch (error) {
      refused ??= error;
    }
  }
  throw refused ?? new FhirError('unprocessable', 'An include has neither a code system nor a value set.');
}

async function inAll(scope: Scope, imports: readonly Composed[], { system, version, concept }: Hit): Promise<boolean> {
  const sought = { system, ...present({ version }), code: concept.code };
  for (const one of imports) if (!(await findIn(scope, one, sought, nothing()))) return false;
  return true;
}

async function keepThose(hits: readonly Hit[], test: (hit: Hit) => Promise<boolean>): Promise<Hit[]> {
  const kept: Hit[] = [];
  for (const [at, hit] of hits.entries()) {
    if (at % turn === turn - 1) await others();
    if (await test(hit)) kept.push(hit);
  }
  return kept;
}

async function hitsOfPart(scope: Scope, composed: Composed, part: Part, listing: Listing): Promise<Hit[]> {
  const { system, imports } = part;
  if (system === undefined) return hitsOfImports(scope, imports, listing);
  const hits = await hitsOfSystem(scope, composed, { ...part, system }, listing);
  return imports.length === 0 ? hits : keepThose(hits, (hit) => inAll(scope, imports, hit));
}

/** All codes of the value set, each once, in the order of its includes and of their systems. Throws too-costly. */
export async function list(scope: Scope, composed: Composed, listing: Listing): Promise<readonly Hit[]> {
  const found = new Map<string, Hit>();
  for (const part of composed.include) {
    await others();
    for (const hit of await hitsOfPart(scope, composed, part, listing)) {
      const key = `${hit.system}|${hit.concept.code}`;
      if (found.has(key) || (!composed.inactive && hit.concept.inactive)) continue;
      if (composed.exclude.length > 0 && (await isExcluded(scope, composed, hit, nothing()))) continue;
      found.set(key, hit);
    }
    if (found.size > listing.limit) {
      throw tooCostly(`The value set ${valueSetText(composed.valueSet)} has more than ${listing.limit} codes.`);
    }
  }
  return [...found.values()];
}
