/**
 * Composite parameters: the values that one element has together, each pair (or triple) a row.
 * https://hl7.org/fhir/R4/search.html#combining
 */

import { isIndexable } from '../../store/search/composite-key.ts';
import type { IndexRow, Part } from '../../store/search/index-row.ts';
import { compilePaths, type Path } from './extract-paths.ts';
import type { Sink } from './extract-sink.ts';
import { converter } from './extract-values.ts';
import { r4Parameters, type SearchParameter, type SearchParameters } from './parameters.ts';

/** More combinations of one element's values than this are a mistake; the first ones are found. */
const mostCombinations = 100;

export interface Component {
  readonly expression: string;
  readonly parameter: SearchParameter;
}

const r4 = 'http://hl7.org/fhir/SearchParameter/';
/** R4 has the expressions of these two exchanged, as R5 says: the relation is a code, and what it relates to a reference. */
const exchanged: Readonly<Record<string, string>> = {
  [`${r4}DocumentReference-relatesto code`]: 'target',
  [`${r4}DocumentReference-relation target`]: 'code',
};

/** The components of a composite parameter; undefined when one is unknown or of a type that cannot be a component. */
export function componentsOf(
  { components = [] }: SearchParameter,
  parameters: SearchParameters,
): readonly Component[] | undefined {
  const found = components.flatMap(({ url, expression }) => {
    const named = url.replace(/\|.*$/, '');
    const parameter = parameters.byUrl(named);
    return parameter && parameter.type !== 'composite' && parameter.type !== 'special'
      ? [{ expression: exchanged[`${named} ${expression}`] ?? expression, parameter }]
      : [];
  });
  return found.length === components.length && found.length > 1 ? found : undefined;
}

/** The kind of row that a component's values are. */
function partKind({ type }: SearchParameter): Part['kind'] {
  return type === 'number' ? 'quantity' : (type as Part['kind']);
}

const alternativesOf = ({ expression }: SearchParameter) => expression.split('|').map((one) => one.trim());

function signature(parameter: SearchParameter): string {
  const components = componentsOf(parameter, r4Parameters) ?? [];
  return JSON.stringify(components.map((component) => [component.expression, component.parameter.type]));
}

/**
 * The parameters of the type whose rows a composite is found by: itself, or, among R4's own, others that together have the
 * same values (combo-code-value-quantity is code-value-quantity and component-code-value-quantity): no pair is stored twice.
 */
export function coveringParameters(type: string, parameter: SearchParameter): readonly SearchParameter[] {
  const parts = alternativesOf(parameter);
  const isOwn = r4Parameters.parameter(type, parameter.code)?.url === parameter.url;
  if (!isOwn || parts.length < 2) return [parameter];
  const own = signature(parameter);
  const others = r4Parameters
    .parameters(type)
    .filter((one) => one.type === 'composite' && one.code !== parameter.code && signature(one) === own);
  const covering = parts.map((part) => others.find((one) => one.expression.trim() === part));
  return covering.every((one) => one !== undefined) ? (covering as SearchParameter[]) : [parameter];
}

/** A quantity's printed unit goes with its code in one part. */
function partsOf(rows: readonly IndexRow[]): Part[] {
  const parts: Part[] = [];
  for (const row of rows) {
    if (row.kind === 'composite' || row.kind === 'position' || (row.kind === 'string' && row.part)) continue;
    const last = parts.at(-1);
    if (row.kind === 'quantity' && last?.kind === 'quantity' && row.system === undefined && isSpoken(last, row)) {
      parts[parts.length - 1] = { ...last, ...(row.code === undefined ? {} : { spoken: row.code }) };
    } else if (row.kind !== 'token' || row.code !== '') {
      const { param: _, ...part } = row;
      parts.push(part as Part);
    }
  }
  return parts;
}

function isSpoken(before: Part & { kind: 'quantity' }, row: { readonly low: number; readonly high: number }): boolean {
  return before.spoken === undefined && before.low === row.low && before.high === row.high;
}

type Values = (element: unknown, resource: unknown, base: string | undefined) => readonly Part[];

/** Reads one component's values out of an element of `from`. */
function componentValues(from: Path, root: string, { expression, parameter }: Component): Values | undefined {
  const fromResource = /^%resource\.(.+)$/.exec(expression)?.[1];
  const paths = compilePaths(fromResource ?? expression, fromResource === undefined ? from.type : root);
  const steps = paths.flatMap(({ type, element, visit }) => {
    const convert = converter(parameter.type, type);
    return convert ? [{ visit, emit: convert(element) }] : [];
  });
  if (steps.length === 0) return undefined;
  return (element, resource, base) => {
    const rows: IndexRow[] = [];
    const sink: Sink = { param: '', rows, ...(base === undefined ? {} : { base }) };
    for (const { visit, emit } of steps) {
      visit(fromResource === undefined ? element : resource, (value) => emit(value, sink));
    }
    return partsOf(rows);
  };
}

function combine(lists: readonly (readonly Part[])[]): readonly (readonly Part[])[] {
  return lists.reduce<readonly (readonly Part[])[]>(
    (all, list) => all.flatMap((one) => list.map((part) => [...one, part])).slice(0, mostCombinations),
    [[]],
  );
}

export type CompositeExtractor = (resource: unknown, base: string | undefined, rows: IndexRow[]) => void;

/** undefined: the parameter indexes nothing, or others' rows are searched for it. */
export function compileComposite(
  type: string,
  parameter: SearchParameter,
  parameters: SearchParameters,
): CompositeExtractor | undefined {
  const components = componentsOf(parameter, parameters);
  if (!components || !isIndexable(components.map((one) => ({ kind: partKind(one.parameter) })))) return undefined;
  const param = `${type}.${parameter.code}`;
  const elements = compilePaths(parameter.expression, type).flatMap((path) => {
    const values = components.map((component) => componentValues(path, type, component));
    return values.every((one) => one !== undefined) ? [{ visit: path.visit, values: values as Values[] }] : [];
  });
  if (elements.length === 0) return undefined;
  return (resource, base, rows) => {
    for (const { visit, values } of elements) {
      visit(resource, (element) => {
        const parts = values.map((read) => read(element, resource, base));
        for (const combination of combine(parts)) rows.push({ kind: 'composite', param, parts: combination });
      });
    }
  };
}
