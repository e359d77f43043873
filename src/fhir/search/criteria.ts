/**
 * The criteria of a search: plain parameters, chains and `_has`, each narrowed by what the caller may see.
 * https://hl7.org/fhir/R4/search.html#chaining
 */
import { FhirError } from '../../shared/errors.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { namedClause, namingClause } from './canonical-chain.ts';
import { type Asked, clauseOf, isSearchable, type Surroundings } from './clause.ts';
import { codeSetClause } from './code-sets.ts';
import { insideClauses, thereParam } from './contained-clause.ts';
import { through } from './contained-names.ts';
import { filterClause } from './filter/clause.ts';
import { hierarchyClause } from './hierarchy.ts';
import { demandAllowed, demandChainable, demandIndexed } from './limits.ts';
import { listClause } from './list-clause.ts';
import type { LookUp } from './look-up.ts';
import { membershipClause } from './membership.ts';
import { parameterOf, r4Parameters, type SearchParameter, type WithParameters } from './parameters.ts';
import { bad } from './values.ts';

export interface Searcher extends Surroundings, WithParameters {
  readonly access: Access;
  /** Absent where nothing can be waited for: then there is no `:in`, and no hierarchy. */
  readonly lookUp?: LookUp | undefined;
  /** How many types chains may still lead to, as each link without a type multiplies them. */
  readonly budget?: { left: number };
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
  if (name === '_list') {
    readable(searcher, ['List']);
    return listClause(type, name, value, restriction(searcher, 'List'));
  }
  if (name === '_filter') return filtered(searcher, type, value, links);
  const [code = '', modifier, ...more] = name.split(':');
  if (everywhere.has(code)) throw bad(name, 'it has no modifiers');
  if (more.length > 0) throw bad(name, 'more than one modifier');
  return plainClause(searcher, demandParameter(searcher, type, code), { type, name, modifier, value });
}

function plainClause(searcher: Searcher, parameter: SearchParameter, asked: Asked): Clause {
  const { modifier, name, value } = asked;
  demandAllowed(parameter, { name, modifier, value });
  if (modifier === 'missing' && (parameter.code === '_id' || parameter.code === '_lastUpdated')) {
    if (value !== 'true' && value !== 'false') throw bad(name, ':missing is true or false');
    // Every resource has both.
    return { kind: 'either', ways: value === 'true' ? [] : [[]] };
  }
  if (modifier === 'not' && parameter.type !== 'token') {
    return { kind: 'not', where: [plainClause(searcher, parameter, { ...asked, modifier: undefined })] };
  }
  const narrow = (type: string) => {
    readable(searcher, [type]);
    return restriction(searcher, type);
  };
  const special =
    parameter.type === 'token'
      ? codeSetClause(searcher, parameter, asked)
      : parameter.type === 'reference'
        ? hierarchyClause({ ...searcher, narrow }, parameter, asked)
        : undefined;
  return special ?? clauseOf(parameter, asked, searcher);
}

/** `subject:Patient.name=peter`: the reference is to one of the types that have what comes after the dot. */
function chainClause(searcher: Searcher, type: string, name: string, value: string, links: number): Clause {
  const dot = name.indexOf('.');
  const [code = '', modifier, ...more] = name.slice(0, dot).split(':');
  const rest = name.slice(dot + 1);
  if (more.length > 0) throw bad(name, `:${[modifier, ...more].join(':')} is no resource type`);
  const first = /^[^.:]+/.exec(rest)?.[0] ?? '';
  return chained(searcher, { type, code, modifier, name, first }, (target) => [
    criterion(searcher, target, rest, value, links + 1),
  ]);
}

interface Link {
  readonly type: string;
  readonly code: string;
  /** The type that the reference is to be of. */
  readonly modifier?: string | undefined;
  readonly name: string;
  /** The parameter that comes next. */
  readonly first: string;
}

/** What fulfils `make` at the other end of a reference, of each type that it may point at and that has what comes next. */
function chained(searcher: Searcher, link: Link, make: (target: string) => readonly Clause[]): Clause {
  const { type, code, modifier, name, first } = link;
  const parameter = demandParameter(searcher, type, code);
  if (parameter.type !== 'reference') throw bad(name, `${code} is no reference, so nothing can be chained to it`);
  if (modifier !== undefined && !isResourceType(modifier)) throw bad(name, `:${modifier} is no resource type`);
  if (modifier !== undefined && parameter.targets?.includes(modifier) === false) {
    throw bad(name, `${code} never points at ${modifier}`);
  }
  const candidates = modifier === undefined ? (parameter.targets ?? resourceTypes()) : [modifier];
  demandChainable(parameter, name, first);
  const known = candidates.filter((target) => everywhere.has(first) || isKnown(searcher, target, first));
  if (known.length === 0) throw unknownParameter(searcher, modifier ?? candidates.join(' or '), first);
  spend(searcher, name, known.length);
  const asked = readable(searcher, known).map((target) => ({ type: target, where: make(target) }));
  const targets = asked.map((one) => ({ ...one, where: [...one.where, ...restriction(searcher, one.type)] }));
  const param = `${type}.${code}`;
  // What is contained is seen by whoever sees the container. https://hl7.org/fhir/R4/search.html#contained
  const contained = asked
    .filter((one) => isIndexedInside(searcher, parameter, one.type, first))
    .map((one) => ({
      there: thereParam(through(param), one.type),
      where: insideClauses(through(param), one.type, one.where),
    }));
  const chain: Clause = { kind: 'chain', param, targets, ...(contained.length > 0 ? { contained } : {}) };
  const naming = namingClause(searcher, { type, parameter }, targets);
  return naming ? { kind: 'either', ways: [[chain], [naming]] } : chain;
}

/** Whether both are R4's own: by posted parameters what is contained is not indexed. */
function isIndexedInside(searcher: Searcher, parameter: SearchParameter, target: string, first: string): boolean {
  const isOwn = (type: string, one: SearchParameter | undefined) =>
    one === undefined || r4Parameters.parameter(type, one.code)?.url === one.url;
  return r4Parameters.byUrl(parameter.url) !== undefined && isOwn(target, parameterOf(searcher, target, first));
}

function spend({ budget }: Searcher, name: string, types: number): void {
  if (!budget) return;
  budget.left -= types;
  if (budget.left < 0) throw bad(name, 'its chains lead to too many types; name them, as in subject:Patient.name');
}

/** What every type can be searched by and is no search parameter. */
const everywhere = new Set(['_has', '_list', '_filter']);

function isKnown(searcher: Searcher, type: string, code: string): boolean {
  const parameter = parameterOf(searcher, type, code);
  return parameter !== undefined && isSearchable(parameter);
}

/** https://hl7.org/fhir/R4/search_filter.html: a parameter that is not known is an error here, always. */
function filtered(searcher: Searcher, type: string, value: string, links: number): Clause {
  const name = '_filter';
  try {
    return filterClause(
      {
        parameter: (of, code) => demandParameter(searcher, of, code),
        plain: (of, asked, text) => criterion(searcher, of, asked, text, links + 1),
        chain: (of, code, first, make) => chained(searcher, { type: of, code, name, first }, make),
      },
      type,
      value,
    );
  } catch (error) {
    throw isUnknownParameter(error) ? bad(name, error.message.replace(/\.$/, '')) : error;
  }
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
  const has: Clause = { kind: 'has', type: source, param: `${source}.${code}`, where };
  const named = namedClause(searcher, type, parameter, { type: source, where });
  return named ? { kind: 'either', ways: [[has], [named]] } : has;
}

/** The ways in which the caller may search the type, each a list of clauses. */
function ways(searcher: Searcher, type: string): readonly (readonly Clause[])[] {
  const all = searcher.access.restrict('s', type);
  if (all.some((conditions) => conditions.length === 0)) return [[]];
  // The conditions are ours: they speak of what the server holds and are not narrowed by themselves.
  return all.map((conditions) =>
    conditions.map(([name, value]) => membershipClause(type, name, value) ?? criterion(searcher, type, name, value)),
  );
}

/** The clauses that narrow a search of the type to what the caller may see. */
export function restriction(searcher: Searcher, type: string): readonly Clause[] {
  const [way, ...others] = ways(searcher, type);
  const excluded = searcher.access.veil?.excluded('s', type);
  const kept: readonly Clause[] = excluded ? [{ kind: 'not', where: [excluded] }] : [];
  if (way && others.length === 0) return [...way, ...kept];
  return [{ kind: 'either', ways: way ? [way, ...others] : [] }, ...kept];
}
