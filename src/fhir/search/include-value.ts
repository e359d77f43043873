/**
 * The values of `_include` and `_revinclude`.
 * https://hl7.org/fhir/R4/search.html#revinclude
 */
import { isResourceType } from '../definitions/types.ts';
import { demandIndexed } from './limits.ts';
import { parameterOf, type WithParameters } from './parameters.ts';
import { bad } from './values.ts';

export interface Include {
  readonly reverse: boolean;
  /** Also from what was included, not only from the matches. */
  readonly iterate: boolean;
  /** The type that has the reference; `*` is every one. */
  readonly source: string;
  /** The reference parameter; `*` is all. */
  readonly code: string;
  /** Only what is of this type. */
  readonly target?: string;
}

interface Searched extends WithParameters {
  /** The types that matches may be of. */
  readonly types: readonly string[];
}

interface Parts {
  readonly name: string;
  readonly reverse: boolean;
  readonly iterate: boolean;
}

/** Reads `Source:code[:Target]`, `Source:*` or `*` for a search of types; throws `invalid`. */
export function parseInclude(searched: Searched, name: string, value: string): Include {
  const [base, modifier, ...extra] = name.split(':');
  // `recurse` is what R3 called `iterate`.
  if (extra.length > 0 || !['iterate', 'recurse', undefined].includes(modifier)) {
    throw bad(name, `there is no modifier :${[modifier, ...extra].join(':')}`);
  }
  const parts: Parts = { name, reverse: base === '_revinclude', iterate: modifier !== undefined };
  const { reverse, iterate } = parts;
  if (value === '*') return { reverse, iterate, source: '*', code: '*' };
  const [source = '', code = '', target, ...more] = value.split(':');
  if (!isResourceType(source) || code === '' || more.length > 0) throw bad(name, 'it is not Type:reference[:Type]');
  if (target !== undefined && !isResourceType(target)) throw bad(name, `${target} is no resource type`);
  if (!iterate && !reverse && !searched.types.includes(source)) {
    throw bad(name, `the matches are of type ${searched.types.slice(0, 3).join(' or ')}, not ${source}`);
  }
  if (code !== '*') demandReference(searched, parts, source, code, target);
  return { reverse, iterate, source, code, ...(target === undefined ? {} : { target }) };
}

function demandReference(
  { types, parameters }: Searched,
  { name, reverse, iterate }: Parts,
  source: string,
  code: string,
  target: string | undefined,
): void {
  const parameter = parameterOf({ parameters }, source, code);
  if (parameter?.type !== 'reference') throw bad(name, `${source} has no reference parameter ${JSON.stringify(code)}`);
  // What is included forward is read from the matches themselves; what points at them is looked up in the index.
  if (reverse) demandIndexed(source, parameter);
  const { targets } = parameter;
  if (!targets) return;
  const wanted = target === undefined ? (reverse && !iterate ? types : []) : [target];
  if (wanted.length > 0 && !wanted.some((type) => targets.includes(type))) {
    throw bad(name, `${source}.${code} never points at ${wanted.slice(0, 3).join(' or ')}`);
  }
}
