/**
 * The compiled extractor of one search parameter.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { IndexRow } from '../../store/search/index-row.ts';
import { compilePaths } from './extract-paths.ts';
import { converter, type Sink } from './extract-values.ts';
import type { SearchParameter } from './parameters.ts';

/** Appends the rows of a resource; `base` is the server's own. */
export type Extractor = (resource: unknown, base: string | undefined, rows: IndexRow[]) => void;

function rowKey(row: IndexRow): string {
  switch (row.kind) {
    case 'token':
      return `${row.param} ${row.system ?? ''} ${row.code}`;
    case 'reference':
      return row.target ? `${row.target.type}/${row.target.id}/${row.target.version ?? ''}` : `${row.url}`;
    case 'date':
      return `${row.low} ${row.high}`;
    case 'quantity':
      return `${row.low} ${row.high} ${row.system ?? ''} ${row.code ?? ''}`;
    default:
      return row.value;
  }
}

/** Drops equal rows from `from` on, in place; most parameters give one row, so this is rarely work. */
function dropRepeated(rows: IndexRow[], from: number): void {
  if (rows.length - from < 2) return;
  const seen = new Set<string>();
  let kept = from;
  for (let at = from; at < rows.length; at++) {
    const row = rows[at] as IndexRow;
    const key = rowKey(row);
    if (seen.has(key)) continue;
    seen.add(key);
    rows[kept++] = row;
  }
  rows.length = kept;
}

/**
 * Compiles the extractor of one parameter for resources of `type`; undefined when it indexes nothing: composite
 * parameters (pairs within one element) and `near` need rows of their own kind.
 */
export function compileExtractor(
  type: string,
  { code, type: kind, expression }: SearchParameter,
): Extractor | undefined {
  const param = `${type}.${code}`;
  const steps = compilePaths(expression, type).flatMap(({ type: fhirType, element, visit }) => {
    const convert = converter(kind, fhirType);
    return convert ? [{ visit, emit: convert(element) }] : [];
  });
  if (steps.length === 0) return undefined;
  return (resource, base, rows) => {
    const from = rows.length;
    const sink: Sink = { param, rows, ...(base === undefined ? {} : { base }) };
    for (const { visit, emit } of steps) visit(resource, (value) => emit(value, sink));
    dropRepeated(rows, from);
  };
}
