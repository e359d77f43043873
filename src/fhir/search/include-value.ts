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
  /** The type that has the reference; for `_include=*` every one. */
  readonly source: string;
  /** The reference parameter; `*` is all. */
  readonly code: string;
  /** Only what is of this type. */
  readonly target?: string;
}

interface Searched extends WithParameters {
  readonly type: string;
}

/** Reads `Source:code[:Target]` or `*` for a search of a type; throws `invalid`. */
export function parseInclude({ type, parameters }: Searched, name: string, value: string): Include {
  const [base, modifier, ...extra] = name.split(':');
  const reverse = base === '_revinclude';
  if (extra.length > 0 || !['iterate', 'recurse', undefined].includes(modifier)) {
    throw bad(name, `there is no modifier :${[modifier, ...extra].join(':')}`);
  }
  const iterate = modifier !== undefined;
  if (value === '*' && !reverse) return { reverse, iterate, source: '*', code: '*' };
  const [source = '', code = '', target, ...more] = value.split(':');
  if (!isResourceType(source) || code === '' || more.length > 0) throw bad(name, 'it is not Type:reference[:Type]');
  if (target !== undefined && !isResourceType(target)) throw bad(name, `${target} is no resource type`);
  if (!iterate && !reverse && source !== type) throw bad(name, `the matches are of type ${type}, not ${source}`);
  demandReference({ name, source, code, parameters }, reverse && !iterate ? type : target);
  return { reverse, iterate, source, code, ...(target === undefined ? {} : { target }) };
}

interface Named extends WithParameters {
  readonly name: string;
  readonly source: string;
  readonly code: string;
}

function demandReference({ name, source, code, parameters }: Named, target: string | undefined): void {
  if (code === '*') return;
  const parameter = parameterOf({ parameters }, source, code);
  if (parameter?.type !== 'reference') throw bad(name, `${source} has no reference parameter ${JSON.stringify(code)}`);
  // What is included forward is read from the matches themselves; what points at them is looked up in the index.
  if (name.startsWith('_rev')) demandIndexed(source, parameter);
  if (target !== undefined && parameter.targets && !parameter.targets.includes(target)) {
    throw bad(name, `${source}.${code} never points at ${target}`);
  }
}
