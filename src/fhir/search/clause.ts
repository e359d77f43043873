/**
 * One search parameter and its value as a clause of the query.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import type { Clause, ReferenceValue } from '../../store/search/query.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { parseReference } from './extract-reference.ts';
import type { SearchParameter } from './parameters.ts';
import { alternatives, bad, dateValue, numberValue, quantityValue, tokenValue, unescaped } from './values.ts';

/** One `name[:modifier]=value` of a resource type. */
export interface Asked {
  readonly type: string;
  /** As the client wrote it, for messages. */
  readonly name: string;
  readonly modifier: string | undefined;
  readonly value: string;
}

export interface Surroundings {
  /** The server's own base: absolute references below it are local. */
  readonly base: string;
  readonly now: Date;
}

type Build = (parameter: SearchParameter, asked: Asked, surroundings: Surroundings) => Clause;

const string: Build = ({ code }, { type, name, modifier, value }) => {
  const match = modifier === undefined ? 'starts' : modifier;
  if (match !== 'starts' && match !== 'exact' && match !== 'contains') throw noModifier(name, match);
  return { kind: 'string', param: `${type}.${code}`, any: alternatives(name, value).map(unescaped), match };
};

const token: Build = ({ code }, { type, name, modifier, value }) => {
  if (modifier !== undefined && modifier !== 'not') throw noModifier(name, modifier);
  const any = alternatives(name, value).map((one) => tokenValue(name, one));
  return { kind: 'token', param: `${type}.${code}`, any, ...(modifier === 'not' ? { not: true } : {}) };
};

const date: Build = ({ code }, { type, name, modifier, value }, { now }) => {
  if (modifier !== undefined) throw noModifier(name, modifier);
  const any = alternatives(name, value).map((one) => dateValue(name, one, now.getTime()));
  return { kind: 'date', param: `${type}.${code}`, any };
};

const number: Build = ({ code }, { type, name, modifier, value }) => {
  if (modifier !== undefined) throw noModifier(name, modifier);
  return {
    kind: 'quantity',
    param: `${type}.${code}`,
    any: alternatives(name, value).map((one) => numberValue(name, one)),
  };
};

const quantity: Build = ({ code }, { type, name, modifier, value }) => {
  if (modifier !== undefined) throw noModifier(name, modifier);
  const any = alternatives(name, value).map((one) => quantityValue(name, one));
  return { kind: 'quantity', param: `${type}.${code}`, any };
};

const uri: Build = ({ code }, { type, name, modifier, value }) => {
  const match = modifier === undefined ? 'exact' : modifier;
  if (match !== 'exact' && match !== 'below' && match !== 'above') throw noModifier(name, match);
  return { kind: 'uri', param: `${type}.${code}`, any: alternatives(name, value).map(unescaped), match };
};

const reference: Build = (parameter, { type, name, modifier, value }, { base }) => {
  const param = `${type}.${parameter.code}`;
  const values = alternatives(name, value);
  if (modifier === 'identifier') {
    return { kind: 'token', param: `${param}:identifier`, any: values.map((one) => tokenValue(name, one)) };
  }
  if (modifier !== undefined && !isResourceType(modifier)) throw noModifier(name, modifier);
  const targets = modifier === undefined ? (parameter.targets ?? resourceTypes()) : [modifier];
  return {
    kind: 'reference',
    param,
    any: values.flatMap((one) => referenceValues(name, unescaped(one), targets, base)),
  };
};

/** `Patient/1`, `1` (of any type that the parameter may point at), or a URL, which is local below `base`. */
function referenceValues(name: string, text: string, targets: readonly string[], base: string): ReferenceValue[] {
  const found = parseReference(text);
  if (found && (found.base === '' || found.base === base)) return [{ type: found.type, id: found.id }];
  if (found || /^[a-z][a-z0-9+.-]*:/i.test(text)) return [{ url: text }];
  if (!isId(text)) throw bad(name, `${JSON.stringify(text)} is no reference like Patient/1, 1 or a URL`);
  return targets.map((type) => ({ type, id: text }));
}

const builders: Readonly<Partial<Record<SearchParameter['type'], Build>>> = {
  string,
  token,
  date,
  number,
  quantity,
  uri,
  reference,
};

/** Whether this server searches by the parameter at all: composite and special ones are not indexed. */
export function isSearchable({ type }: SearchParameter): boolean {
  return type in builders;
}

/** The clause of a searchable parameter. Throws `invalid` for a modifier or value that it does not have. */
export function clauseOf(parameter: SearchParameter, asked: Asked, surroundings: Surroundings): Clause {
  const { type, name, modifier, value } = asked;
  if (parameter.code === '_id') return idClause(asked);
  if (parameter.code === '_lastUpdated') return updatedClause(asked, surroundings);
  if (modifier === 'missing') {
    if (value !== 'true' && value !== 'false') throw bad(name, ':missing is true or false');
    const { type: of } = parameter;
    const where = of === 'composite' || of === 'special' ? {} : { of };
    return { kind: 'missing', param: `${type}.${parameter.code}`, missing: value === 'true', ...where };
  }
  const build = builders[parameter.type];
  if (!build) throw bad(name, `this server does not search by ${parameter.type} parameters`);
  return build(parameter, asked, surroundings);
}

function idClause({ name, modifier, value }: Asked): Clause {
  if (modifier !== undefined) throw noModifier(name, modifier);
  // What can be no id is found nowhere; that is an answer, not an error.
  return { kind: 'id', any: alternatives(name, value).map(unescaped) };
}

function updatedClause({ name, modifier, value }: Asked, { now }: Surroundings): Clause {
  if (modifier !== undefined) throw noModifier(name, modifier);
  return { kind: 'updated', any: alternatives(name, value).map((one) => dateValue(name, one, now.getTime())) };
}

function noModifier(name: string, modifier: string): FhirError {
  return new FhirError('invalid', `Search parameter ${name}: this server has no modifier :${modifier} for it.`);
}
