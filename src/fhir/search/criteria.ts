/**
 * The criteria of a search: plain parameters, chains and `_has`, each narrowed by what the caller may see.
 * https://hl7.org/fhir/R4/search.html#chaining
 */
import { FhirError } from '../../shared/errors.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { clauseOf, isSearchable, type Surroundings } from './clause.ts';
import { demandAllowed, demandChainable, demandIndexed } from './limits.ts';
import { parameterOf, type SearchParameter, type WithParameters } from './parameters.ts';
import { bad } from './values.ts';

export interface Searcher extends Surroundings, WithParameters {
  readonly access: Access;
}

/** Who searches within an interaction. */
export function searcherOf({ access, base, now, parameters }: Pick<Context, 'access' | 'base' | 'now' | 'parameters'>) {
  return { access, base, now: now(), parameters } satisfies Searcher;
}

/** More links than this in one chain are a mistake or an attack. */
const maxLinks = 8;

/** The error of a parameter that this server does not search by; only about this one a search may be lenient. */
function unknownParameter(searcher: Searcher, type: string, code: string): FhirError {
  const why = parameterOf(searcher, type, code)
    ? 'is not supported by this server'
    : `is no search parameter of ${type}`;
  const diagnostics = `${JSON.stringify(code)} ${why}.`;
  return new FhirError('invalid', diagnostics, { issues: [{ severity: 'error', code: 'not-supported', diagnostics }] });
}

export function isUnknownParameter(error: unknown): error is FhirError {
  return error instanceof FhirError && error.detail.issues?.[0]?.code === 'not-supported';
}

function demandParameter(searcher: Searcher, type: string, code: string): SearchParameter {
  const found = parameterOf(searcher, type, code);
  if (!found || !isSearchable(found)) throw unknownParameter(searcher, type, code);
  demandIndexed(type, found);
  return found;
}

/** One `name=value` of a search of `type` as a clause; `name` has modifiers, chains and `_has`. */
export function criterion(searcher: Searcher, type: string, name: string, value: string, links = 0): Clause {
  if (links > maxLinks) throw bad(name, `more than ${maxLinks} links in a chain`);
  if (name.startsWith('_has:')) return hasClause(searcher, type, name, value, links);
  const dot = name.indexOf('.');
  if (dot >= 0) return chainClause(searcher, type, name, value, links);
  const [code = '', modifier, ...more] = name.split(':');
  if (more.length > 0) throw bad(name, 'more than one modifier');
  const parameter = demandParameter(searcher, type, code);
  demandAllowed(parameter, { name, modifier, value });
  return clauseOf(parameter, { type, name, modifier, value }, searcher);
}

/** `subject:Patient.name=peter`: the reference is to one of the types that have what comes after the dot. */
function chainClause(searcher: Searcher, type: string, name: string, value: string, links: number): Clause {
  const dot = name.indexOf('.');
  const [code = '', modifier, ...more] = name.slice(0, dot).split(':');
  const rest = name.slice(dot + 1);
  const parameter = demandParameter(searcher, type, code);
  if (parameter.type !== 'reference') throw bad(name, `${code} is no reference, so nothing can be chained to it`);
  if (more.length > 0 || (modifier !== undefined && !isResourceType(modifier))) {
    throw bad(name, `:${[modifier, ...more].join(':')} is no resource type`);
  }
  const candidates = modifier === undefined ? (parameter.targets ?? resourceTypes()) : [modifier];
  const first = /^[^.:]+/.exec(rest)?.[0] ?? '';
  demandChainable(parameter, name, first);
  const known = candidates.filter((target) => first === '_has' || isKnown(searcher, target, first));
  if (known.length === 0) throw unknownParameter(searcher, modifier ?? candidates.join(' or '), first);
  const targets = readable(searcher, known).map((target) => {
    const clause = criterion(searcher, target, rest, value, links + 1);
    return { type: target, where: [clause, ...restriction(searcher, target)] };
  });
  return { kind: 'chain', param: `${type}.${code}`, targets };
}

function isKnown(searcher: Searcher, type: string, code: string): boolean {
  const parameter = parameterOf(searcher, type, code);
  return parameter !== undefined && isSearchable(parameter);
}

/** The types that the caller may search at all; throws `forbidden` when there is none. */
function readable({ access }: Searcher, types: readonly string[]): readonly string[] {
  const allowed = types.filter((type) => access.may('s', type));
  if (allowed.length > 0) return allowed;
  throw new FhirError('forbidden', `You may not search ${types.slice(0, 3).join(' or ')}.`);
}

/** `_has:Observation:patient:code=1234`: what an Observation with that code points at by `patient`. */
function hasClause(searcher: Searcher, type: string, name: string, value: string, links: number): Clause {
  const [, source = '', code = '', ...rest] = name.split(':');
  if (!isResourceType(source) || code === '' || rest.length === 0) {
    throw bad(name, 'it is not _has:Type:reference:parameter');
  }
  const parameter = demandParameter(searcher, source, code);
  if (parameter.type !== 'reference' || (parameter.targets && !parameter.targets.includes(type))) {
    throw bad(name, `${source}.${code} does not point at ${type}`);
  }
  readable(searcher, [source]);
  const clause = criterion(searcher, source, rest.join(':'), value, links + 1);
  const where = [clause, ...restriction(searcher, source)];
  return { kind: 'has', type: source, param: `${source}.${code}`, where };
}

/** The ways in which the caller may search the type, each a list of clauses. */
function ways(searcher: Searcher, type: string): readonly (readonly Clause[])[] {
  const all = searcher.access.restrict('s', type);
  if (all.some((conditions) => conditions.length === 0)) return [[]];
  // The conditions are ours: they speak of what the server holds and are not narrowed by themselves.
  return all.map((conditions) => conditions.map(([name, value]) => criterion(searcher, type, name, value)));
}

/** The clauses that narrow a search of the type to what the caller may see. */
export function restriction(searcher: Searcher, type: string): readonly Clause[] {
  const [way, ...others] = ways(searcher, type);
  if (way && others.length === 0) return way;
  return [{ kind: 'either', ways: way ? [way, ...others] : [] }];
}
