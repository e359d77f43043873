/**
 * The compiled extractor of one search parameter.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import type { IndexRow, Part } from '../../store/search/index-row.ts';
import { keep } from '../definitions/generated.ts';
import { compileComposite, coveringParameters } from './extract-composite.ts';
import { compilePaths, type Path } from './extract-paths.ts';
import type { Sink } from './extract-sink.ts';
import { caseless, codedTypes } from './extract-token.ts';
import { converter } from './extract-values.ts';
import { r4Parameters, type SearchParameter, type SearchParameters } from './parameters.ts';

/** Appends the rows of a resource; `base` is the server's own. */
export type Extractor = (resource: unknown, base: string | undefined, rows: IndexRow[]) => void;

function partKey(part: Part | IndexRow): string {
  switch (part.kind) {
    case 'token':
      return `${part.system ?? ''} ${part.code}`;
    case 'reference':
      return part.target ? `${part.target.type}/${part.target.id}/${part.target.version ?? ''}` : `${part.url}`;
    case 'date':
      return `${part.low} ${part.high}`;
    case 'quantity':
      return `${part.low} ${part.high} ${part.system ?? ''} ${part.code ?? ''}`;
    case 'composite':
      return part.parts.map(partKey).join('$');
    case 'position':
      return `${part.latitude} ${part.longitude}`;
    default:
      return part.value;
  }
}

function rowKey(row: IndexRow): string {
  const key = `${row.kind} ${row.param} ${partKey(row)}`;
  if (row.kind === 'token') return `${key} ${row.names?.join('|') ?? ''}`;
  return row.kind === 'string' && row.part ? `${key} part` : key;
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

/** A parameter of the type `string` that is to find what only sounds alike. */
function tableOf({ code, type }: SearchParameter): string {
  return type === 'string' && code === 'phonetic' ? 'phonetic' : type;
}

interface Step extends Pick<Path, 'visit'> {
  readonly emit: (value: unknown, sink: Sink) => void;
}

function compileSteps(type: string, parameter: SearchParameter): readonly Step[] {
  const table = tableOf(parameter);
  return compilePaths(parameter.expression, type).flatMap(({ type: fhirType, element, visit }) => {
    const convert = converter(table, fhirType);
    return convert ? [{ visit, emit: convert(element) }] : [];
  });
}

/** Whether the parameter's values are found by what they sound like. */
export function isPhonetic(parameter: SearchParameter): boolean {
  return tableOf(parameter) === 'phonetic';
}

const typesOf: (key: string) => readonly string[] = keep((key: string) => {
  const [type = '', expression = ''] = JSON.parse(key) as string[];
  return [...new Set(compilePaths(expression, type).map((path) => path.type))];
});

function isOnly(types: ReadonlySet<string>, type: string, { expression }: SearchParameter): boolean {
  const found = typesOf(JSON.stringify([type, expression]));
  return found.length > 0 && found.every((one) => types.has(one));
}

const canonicals: ReadonlySet<string> = new Set(['canonical', 'uri', 'url']);

/** Whether a reference parameter finds canonical URLs, alone or among others. */
export function holdsCanonicals(type: string, { expression }: SearchParameter): boolean {
  return typesOf(JSON.stringify([type, expression])).some((one) => canonicals.has(one));
}

const mimeTypes = 'http://hl7.org/fhir/ValueSet/mimetypes';

const isOfMimeTypes: (key: string) => boolean = keep((key: string) => {
  const [type = '', expression = ''] = JSON.parse(key) as string[];
  const sets = compilePaths(expression, type).map(({ element }) => element?.binding?.valueSet?.replace(/\|.*$/, ''));
  return sets.length > 0 && sets.every((set) => set === mimeTypes);
});

/** Whether all that a token parameter finds is media types. */
export function holdsMimeTypes(type: string, { expression }: SearchParameter): boolean {
  return isOfMimeTypes(JSON.stringify([type, expression]));
}

/** Whether all that a token parameter finds is text, of which case does not matter. */
export function isCaseless(type: string, parameter: SearchParameter): boolean {
  return isOnly(caseless, type, parameter);
}

/** Whether all that a token parameter finds is codes. */
export function isCoded(type: string, parameter: SearchParameter): boolean {
  return isOnly(codedTypes, type, parameter);
}

/** Compiles the extractor of one parameter for resources of `type`; undefined when it indexes nothing of its own. */
export function compileExtractor(
  type: string,
  parameter: SearchParameter,
  parameters: SearchParameters = r4Parameters,
): Extractor | undefined {
  if (parameter.expression === '') return undefined;
  if (parameter.type === 'composite') {
    const covering = coveringParameters(type, parameter);
    return covering.includes(parameter) ? compileComposite(type, parameter, parameters) : undefined;
  }
  const param = `${type}.${parameter.code}`;
  const steps = compileSteps(type, parameter);
  if (steps.length === 0) return undefined;
  return (resource, base, rows) => {
    const from = rows.length;
    const sink: Sink = { param, rows, ...(base === undefined ? {} : { base }) };
    for (const { visit, emit } of steps) visit(resource, (value) => emit(value, sink));
    dropRepeated(rows, from);
  };
}
