/**
 * The values of `_include` and `_revinclude`.
 * https://hl7.org/fhir/R4/search.html#revinclude
 */
import { isResourceType } from '../definitions/types.ts';
import { searchParameter } from './parameters.ts';
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

/** Reads `Source:code[:Target]` or `*` for a search of `type`; throws `invalid`. */
export function parseInclude(type: string, name: string, value: string): Include {
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
  demandReference(name, source, code, reverse && !iterate ? type : target);
  return { reverse, iterate, source, code, ...(target === undefined ? {} : { target }) };
}

function demandReference(name: string, source: string, code: string, target: string | undefined): void {
  if (code === '*') return;
  const parameter = searchParameter(source, code);
  if (parameter?.type !== 'reference') throw bad(name, `${source} has no reference parameter ${JSON.stringify(code)}`);
  if (target !== undefined && parameter.targets && !parameter.targets.includes(target)) {
    throw bad(name, `${source}.${code} never points at ${target}`);
  }
}
