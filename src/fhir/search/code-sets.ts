/**
 * Token modifiers that ask the terminology service: `:in`, `:not-in`, `:above` and `:below`.
 * https://hl7.org/fhir/R4/search.html#token
 */
import type { ValueSet, ValueSetExpansionContains } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { codesInUse } from '../../store/search/codes-in-use.ts';
import type { Clause, TokenValue } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { mayShow } from '../interactions/visible.ts';
import type { SystemCode } from '../terminology/terminology.ts';
import type { Asked } from './clause.ts';
import { holdsMimeTypes } from './extract-parameter.ts';
import { parseReference } from './extract-reference.ts';
import type { LookUp } from './look-up.ts';
import type { SearchParameter } from './parameters.ts';
import { alternatives, bad, tokenValue, unescaped } from './values.ts';

/** More codes than this are no search any more; PostgreSQL probes an index for each. */
const mostCodes = 10_000;

export interface Looking {
  readonly base: string;
  /** Absent where nothing can be waited for. */
  readonly lookUp?: LookUp | undefined;
}

const modifiers = new Set(['in', 'not-in', 'above', 'below']);

/** The clause of a token parameter with one of the four modifiers; undefined for any other. */
export function codeSetClause(looking: Looking, parameter: SearchParameter, asked: Asked): Clause | undefined {
  const { type, name, modifier, value } = asked;
  const { code } = parameter;
  if (modifier === undefined || !modifiers.has(modifier)) return undefined;
  const { lookUp } = looking;
  if (!lookUp) throw bad(name, `:${modifier} is not possible here`);
  const isMime = modifier === 'below' && holdsMimeTypes(type, parameter);
  const any = alternatives(name, value).flatMap((one) =>
    isMime
      ? mimeTypesBelow(lookUp, `${type}.${code}`, tokenValue(name, one))
      : modifier === 'in' || modifier === 'not-in'
        ? membersOf(looking.base, lookUp, name, unescaped(one))
        : relativesOf(lookUp, name, modifier as 'above' | 'below', tokenValue(name, one)),
  );
  if (any.length > mostCodes) throw tooMany(name);
  const within: Clause = any.length > 0 ? { kind: 'token', param: `${type}.${code}`, any } : nowhere;
  return modifier === 'not-in' ? { kind: 'not', where: [within] } : within;
}

const nowhere: Clause = { kind: 'either', ways: [] };

function tooMany(name: string): FhirError {
  const diagnostics = `Search parameter ${name}: more than ${mostCodes} codes would be searched for.`;
  return new FhirError('unprocessable', diagnostics, {
    issues: [{ severity: 'error', code: 'too-costly', diagnostics }],
  });
}

function terminologyOf({ terminology }: Context, name: string): NonNullable<Context['terminology']> {
  if (!terminology) throw bad(name, 'this server has no terminology to ask');
  return terminology;
}

/** A value set by its canonical URL, or by a literal reference to one that is kept here. */
function membersOf(base: string, lookUp: LookUp, name: string, text: string): readonly TokenValue[] {
  const found = parseReference(text);
  const isHere = found !== undefined && (found.base === '' || found.base === base);
  if (isHere && found.type !== 'ValueSet') throw bad(name, `${JSON.stringify(text)} is no value set`);
  const find = (context: Context): Promise<readonly SystemCode[]> =>
    isHere
      ? codesOfStored(context, name, found.id)
      : terminologyOf(context, name).codesOf(text, mostCodes, context.access).catch(unknownSet(name, text));
  return lookUp(`in ${text}`, find, [{ system: '', code: '' }]);
}

/** That a value set is not known is a mistake in the search, and not a resource that is not there. */
function unknownSet(name: string, text: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof FhirError && error.kind === 'notFound') throw bad(name, `no value set ${text} is known`);
    throw error;
  };
}

async function codesOfStored(context: Context, name: string, id: string): Promise<readonly SystemCode[]> {
  const version = await context.store.resources.read('ValueSet', id);
  const unknown = bad(name, `no value set ValueSet/${id} is known`);
  if (!version || version.deleted || !(await mayShow(context, 'r', version))) throw unknown;
  const valueSet = JSON.parse(version.body) as ValueSet;
  const { expansion } = await terminologyOf(context, name).expand({
    valueSet,
    access: context.access,
    count: mostCodes + 1,
    excludeNested: true,
  });
  const codes = flat(expansion?.contains ?? []);
  if (codes.length > mostCodes) throw tooMany(name);
  return codes;
}

function flat(contains: readonly ValueSetExpansionContains[]): SystemCode[] {
  return contains.flatMap(({ system = '', code, abstract, contains: inner = [] }) => [
    ...(code !== undefined && !abstract ? [{ system, code }] : []),
    ...flat(inner),
  ]);
}

/**
 * Media types that are in use: of `text/xml` with any parameters, of `image` all of them.
 * https://hl7.org/fhir/R4/search.html#token (MIME types)
 */
function mimeTypesBelow(lookUp: LookUp, param: string, { system, code = '' }: TokenValue): readonly TokenValue[] {
  const inUse = lookUp<readonly string[]>(`codes of ${param}`, ({ store }) => codesInUse(store.db, param), []);
  const base = code.toLowerCase();
  const isBelow = (known: string) => {
    const [kind = ''] = known.toLowerCase().split(';');
    return kind.trim() === base || (!base.includes('/') && kind.startsWith(`${base}/`));
  };
  const space = system === undefined ? {} : { system };
  return [code, ...inUse.filter(isBelow)].map((known) => ({ ...space, code: known }));
}

function relativesOf(
  lookUp: LookUp,
  name: string,
  direction: 'above' | 'below',
  { system, code }: TokenValue,
): readonly TokenValue[] {
  if (!system || code === undefined) throw bad(name, `:${direction} needs a code with its system, as system|code`);
  const find = (context: Context): Promise<readonly SystemCode[]> =>
    terminologyOf(context, name).related({ system, code }, direction, mostCodes);
  return lookUp(`${direction} ${system}|${code}`, find, [{ system, code }]);
}
