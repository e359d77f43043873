/**
 * What a resource can be found by because of what it contains: each contained resource by its place, and by the references
 * that lead to it, so that chains go into it.
 * https://hl7.org/fhir/R4/search.html#contained, https://hl7.org/fhir/R4/references.html#contained
 */
import type { IndexRow } from '../../store/search/index-row.ts';
import { isResourceType } from '../definitions/types.ts';
import { isObject } from '../fhirpath/collection.ts';
import { placeCode, placed, placesParam, through } from './contained-names.ts';
import { r4Parameters } from './parameters.ts';

/** Of those of one type in one container only so many are found by themselves: each place is asked for by itself. */
const mostPlaces = 16;
/** A chain goes through so many contained resources. */
const mostDepth = 3;
/** Contained resources that all point at each other have more; the first are found. */
const mostRows = 5000;

interface Held {
  readonly type: string;
  readonly rows: readonly IndexRow[];
}

interface Finding {
  readonly held: ReadonlyMap<string, Held>;
  left: number;
}

/** The rows of a resource that contains others, besides `own`; `rowsOf` gives those of a contained one by itself. */
export function containedRows(
  { type, contained }: { readonly type: string; readonly contained: readonly unknown[] },
  own: readonly IndexRow[],
  rowsOf: (resource: unknown) => readonly IndexRow[],
): readonly IndexRow[] {
  const finding: Finding = { held: heldIn(contained, rowsOf), left: mostRows };
  const found = led(finding, own.filter(isR4), mostDepth);
  const places = new Map<string, number>();
  for (const one of finding.held.values()) {
    const place = places.get(one.type) ?? 0;
    places.set(one.type, place + 1);
    if (place >= mostPlaces) continue;
    found.push({ kind: 'token', param: placesParam(one.type), code: placeCode(type, place), coded: true });
    found.push(...under(finding, placed(place), one, mostDepth - 1));
  }
  return found;
}

function heldIn(
  contained: readonly unknown[],
  rowsOf: (resource: unknown) => readonly IndexRow[],
): ReadonlyMap<string, Held> {
  const held = new Map<string, Held>();
  for (const resource of contained) {
    if (!isObject(resource)) continue;
    const { resourceType: type, id } = resource;
    if (typeof type !== 'string' || typeof id !== 'string' || !isResourceType(type) || held.has(id)) continue;
    held.set(id, { type, rows: [{ kind: 'token', param: `${type}._id`, code: id }, ...rowsOf(resource)] });
  }
  return held;
}

/** Posted parameters may be indexed by themselves, of containers that are there already: what is contained is not, by them. */
function isR4({ param }: IndexRow): boolean {
  const [type = '', code = ''] = param.split('.');
  return r4Parameters.parameter(type, code) !== undefined;
}

/** The rows of one contained resource, and of what it leads to, under a name of their own. */
function under(finding: Finding, prefix: string, { rows }: Held, depth: number): IndexRow[] {
  const named = rows.slice(0, Math.max(0, finding.left)).map((row) => ({ ...row, param: prefix + row.param }));
  finding.left -= named.length;
  return [...named, ...led(finding, named, depth)];
}

/** The rows of what references among the rows name within the container. */
function led(finding: Finding, rows: readonly IndexRow[], depth: number): IndexRow[] {
  if (depth === 0) return [];
  return rows.flatMap((row) => {
    const one = row.kind === 'reference' && row.url?.startsWith('#') ? finding.held.get(row.url.slice(1)) : undefined;
    return one && finding.left > 0 ? under(finding, through(row.param), one, depth - 1) : [];
  });
}
