/**
 * One search parameter and its value as a clause of the query.
 * https://hl7.org/fhir/R4/search.html#ptypes
 */
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import type { Clause, PartValue, ReferenceValue, TokenValue } from '../../store/search/query.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { componentsOf, coveringParameters } from './extract-composite.ts';
import { isCaseless, isCoded, isPhonetic } from './extract-parameter.ts';
import { parseReference } from './extract-reference.ts';
import { tokenWithoutCase } from './extract-token.ts';
import { isFullText, parameterOf, r4Parameters, type SearchParameter, type WithParameters } from './parameters.ts';
import { phoneticKeys } from './phonetic.ts';
import { textQuery } from './text-query.ts';
import {
  alternatives,
  bad,
  cut,
  dateValue,
  nearValue,
  numberValue,
  quantityValue,
  tokenValue,
  typedValue,
  unescaped,
} from './values.ts';

/** One `name[:modifier]=value` of a resource type. */
export interface Asked {
  readonly type: string;
  /** As the client wrote it, for messages. */
  readonly name: string;
  readonly modifier: string | undefined;
  readonly value: string;
}

export interface Surroundings extends WithParameters {
  /** The server's own base: absolute references below it are local. */
  readonly base: string;
  readonly now: Date;
}

type Build = (parameter: SearchParameter, asked: Asked, surroundings: Surroundings) => Clause;

/** Each word has to sound like one of the name's. */
function sounding(param: string, texts: readonly string[]): Clause {
  const ways = texts.map((text) =>
    phoneticKeys(text).map((key): Clause => ({ kind: 'string', param, any: [key], match: 'exact' })),
  );
  return { kind: 'either', ways: ways.filter((keys) => keys.length > 0) };
}

const string: Build = (parameter, { type, name, modifier, value }) => {
  const { code } = parameter;
  if (isPhonetic(parameter) && modifier === undefined) {
    return sounding(`${type}.${code}`, alternatives(name, value).map(unescaped));
  }
  const match = modifier === undefined ? 'starts' : modifier;
  if (match !== 'starts' && match !== 'exact' && match !== 'contains') throw noModifier(name, match);
  return { kind: 'string', param: `${type}.${code}`, any: alternatives(name, value).map(unescaped), match };
};

const token: Build = (parameter, { type, name, modifier, value }) => {
  const param = `${type}.${parameter.code}`;
  const values = alternatives(name, value);
  if (modifier === 'text' || modifier === 'code-text') {
    const codes = modifier === 'code-text';
    return { kind: 'named', param, of: 'token', any: values.map(unescaped), ...(codes ? { codes } : {}) };
  }
  if (modifier === 'of-type') return { kind: 'typed', param, any: values.map((one) => typedValue(name, one)) };
  if (modifier !== undefined && modifier !== 'not') throw noModifier(name, modifier);
  const any = values.map((one) => cased(type, parameter, tokenValue(name, one)));
  const coded = isCoded(type, parameter) ? { coded: true } : {};
  return { kind: 'token', param, any, ...coded, ...(modifier === 'not' ? { not: true } : {}) };
};

/** Texts that are searched as tokens are stored without case. */
function cased(type: string, parameter: SearchParameter, value: TokenValue): TokenValue {
  if (value.code === undefined || !isCaseless(type, parameter)) return value;
  return { ...value, code: tokenWithoutCase(value.code) };
}

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

const uri: Build = ({ code }, { type, name, modifier, value }, surroundings) => {
  const match = modifier === undefined ? 'exact' : modifier;
  if (match !== 'exact' && match !== 'below' && match !== 'above') throw noModifier(name, match);
  const param = `${type}.${code}`;
  const any = alternatives(name, value).map(unescaped);
  const hasVersion = code === 'url' && parameterOf(surroundings, type, 'version') !== undefined;
  if (match !== 'exact' || !hasVersion || !any.some((one) => one.includes('|')))
    return { kind: 'uri', param, any, match };
  return { kind: 'either', ways: any.map((one) => ofVersion(type, param, one)) };
};

/** `url|version` of a definition: https://hl7.org/fhir/R4/search.html#uri */
function ofVersion(type: string, param: string, canonical: string): readonly Clause[] {
  const bar = canonical.lastIndexOf('|');
  const url = bar < 0 ? canonical : canonical.slice(0, bar);
  const found: Clause = { kind: 'uri', param, any: [url], match: 'exact' };
  if (bar < 0) return [found];
  return [
    found,
    { kind: 'token', param: `${type}.version`, any: [{ code: tokenWithoutCase(canonical.slice(bar + 1)) }] },
  ];
}

const reference: Build = (parameter, { type, name, modifier, value }, { base }) => {
  const param = `${type}.${parameter.code}`;
  const values = alternatives(name, value);
  if (modifier === 'identifier') {
    return { kind: 'token', param: `${param}:identifier`, any: values.map((one) => tokenValue(name, one)) };
  }
  if (modifier === 'text') return { kind: 'named', param, of: 'reference', any: values.map(unescaped) };
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

const near: Build = ({ code }, { type, name, modifier, value }) => {
  if (modifier !== undefined) throw noModifier(name, modifier);
  return { kind: 'near', param: `${type}.${code}`, any: alternatives(name, value).map((one) => nearValue(name, one)) };
};

/** One value of a component, read as its own parameter reads it. */
function partValue(parameter: SearchParameter, asked: Asked, surroundings: Surroundings): PartValue[] {
  const clause = builders[parameter.type]?.(parameter, asked, surroundings);
  switch (clause?.kind) {
    case 'token':
      return clause.any.map((value) => ({ kind: 'token', ...value }));
    case 'reference':
      return clause.any.map((value) => ({ kind: 'reference', ...value }));
    case 'date':
      return clause.any.map((value) => ({ kind: 'date', ...value }));
    case 'quantity':
      return clause.any.map((value) => ({ kind: 'quantity', ...value }));
    case 'string':
    case 'uri':
      return clause.any.map((one) => ({ kind: clause.kind, value: one }));
    default:
      throw bad(asked.name, `${parameter.code} cannot be a component`);
  }
}

/** `code$value`: https://hl7.org/fhir/R4/search.html#combining */
const composite: Build = (parameter, asked, surroundings) => {
  const { type, name, modifier, value } = asked;
  if (modifier !== undefined) throw noModifier(name, modifier);
  const components = componentsOf(parameter, surroundings.parameters ?? r4Parameters) ?? [];
  const any = alternatives(name, value).flatMap((one) => {
    const parts = cut(one, '$');
    if (parts.length !== components.length || parts.includes('')) {
      const form = components.map((component) => component.parameter.code).join('$');
      throw bad(name, `${JSON.stringify(one)} is not ${form}, joined by "$"`);
    }
    const ways = components.map((component, at) =>
      partValue(component.parameter, { type, name, modifier: undefined, value: parts[at] ?? '' }, surroundings),
    );
    return ways.reduce<PartValue[][]>(
      (all, list) => all.flatMap((tuple) => list.map((part) => [...tuple, part])),
      [[]],
    );
  });
  const params = coveringParameters(type, parameter).map(({ code }) => `${type}.${code}`);
  return { kind: 'composite', params, any };
};

const builders: Readonly<Partial<Record<SearchParameter['type'], Build>>> = {
  string,
  token,
  date,
  number,
  quantity,
  uri,
  reference,
  composite,
  special: near,
};

/** Whether this server searches by the parameter at all. Of the special ones only `near` is read from resources. */
export function isSearchable({ type, code }: SearchParameter): boolean {
  return type in builders && (type !== 'special' || code === 'near');
}

/** The clause of a searchable parameter. Throws `invalid` for a modifier or value that it does not have. */
export function clauseOf(parameter: SearchParameter, asked: Asked, surroundings: Surroundings): Clause {
  const { type, name, modifier, value } = asked;
  if (parameter.code === '_id') return idClause(asked);
  if (parameter.code === '_lastUpdated') return updatedClause(asked, surroundings);
  if (isFullText(parameter)) return textClause(parameter, asked);
  if (modifier === 'missing') {
    if (value !== 'true' && value !== 'false') throw bad(name, ':missing is true or false');
    return missingClause(parameter, type, value === 'true');
  }
  const build = builders[parameter.type];
  if (!build) throw bad(name, `this server does not search by ${parameter.type} parameters`);
  return build(parameter, asked, surroundings);
}

/** A composite that others' rows are searched for is there when one of them is. */
function missingClause(parameter: SearchParameter, type: string, missing: boolean): Clause {
  const { type: of } = parameter;
  const [first, ...more] = of === 'composite' ? coveringParameters(type, parameter) : [parameter];
  if (more.length === 0) return { kind: 'missing', param: `${type}.${first?.code}`, missing, of };
  const present = [first, ...more].map((one): readonly Clause[] => [
    { kind: 'missing', param: `${type}.${one?.code}`, missing: false, of },
  ]);
  const any: Clause = { kind: 'either', ways: present };
  return missing ? { kind: 'not', where: [any] } : any;
}

function idClause({ name, modifier, value }: Asked): Clause {
  if (modifier !== undefined) throw noModifier(name, modifier);
  // What can be no id is found nowhere; that is an answer, not an error.
  return { kind: 'id', any: alternatives(name, value).map(unescaped) };
}

function textClause({ code }: SearchParameter, { name, modifier, value }: Asked): Clause {
  if (modifier !== undefined) throw noModifier(name, modifier);
  const part = code === '_text' ? 'narrative' : 'content';
  return { kind: 'text', part, any: alternatives(name, value).map((one) => textQuery(name, unescaped(one))) };
}

function updatedClause({ name, modifier, value }: Asked, { now }: Surroundings): Clause {
  if (modifier !== undefined) throw noModifier(name, modifier);
  return { kind: 'updated', any: alternatives(name, value).map((one) => dateValue(name, one, now.getTime())) };
}

function noModifier(name: string, modifier: string): FhirError {
  return new FhirError('invalid', `Search parameter ${name}: this server has no modifier :${modifier} for it.`);
}
