/**
 * Which parts of resources an answer shall have: `_summary` and `_elements`.
 * https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/search.html#elements
 */
import { FhirError } from '../../shared/errors.ts';
import { isResourceType, properties } from '../definitions/types.ts';

/** Of a whole resource: what its definition marks as summary, its text, or all but its text. */
interface Summary {
  readonly kind: 'true' | 'text' | 'data';
}

interface Elements {
  readonly kind: 'elements';
  /** Names of base elements: for resources of any type (the empty key) and for those of one type. */
  readonly byType: ReadonlyMap<string, ReadonlySet<string>>;
}

export type Shape = Summary | Elements;

/** Many more than any resource has elements. */
const maxElements = 500;

function wrong(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Parameter ${name}: ${problem}.`, { expression: [name] });
}

/** What the parameters ask for; undefined for whole resources. Throws `invalid`. */
export function askedShape(params: URLSearchParams): Shape | undefined {
  if (params.size === 0) return undefined;
  const summary = params.get('_summary');
  const elements = params.get('_elements');
  if (summary === null && elements === null) return undefined;
  const kind = summaryKind(summary);
  if (kind === 'text' && (params.has('_include') || params.has('_revinclude'))) {
    throw wrong('_summary', 'text cannot be mixed with _include and _revinclude');
  }
  if (elements === null || elements === '') return kind && { kind };
  if (kind) throw wrong('_elements', 'it cannot be mixed with _summary');
  return { kind: 'elements', byType: elementsOf(elements) };
}

function summaryKind(summary: string | null): 'true' | 'text' | 'data' | undefined {
  if (summary === 'true' || summary === 'text' || summary === 'data') return summary;
  // How many there are is for searches to count.
  if (summary === null || summary === '' || summary === 'false' || summary === 'count') return undefined;
  throw wrong('_summary', `${JSON.stringify(summary)} is none of true, text, data, count and false`);
}

function elementsOf(list: string): ReadonlyMap<string, ReadonlySet<string>> {
  const byType = new Map<string, Set<string>>();
  const paths = list.split(',').map((one) => one.trim());
  if (paths.length > maxElements) throw wrong('_elements', `more than ${maxElements} elements`);
  for (const path of paths) {
    if (!/^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*$/.test(path)) {
      throw wrong('_elements', `${JSON.stringify(path)} is no element`);
    }
    const [first = '', second] = path.split('.');
    // Only base elements are chosen: of `name.family` the whole name is shown.
    const [type, name] = isResourceType(first) ? [first, second] : ['', first];
    if (name === undefined) throw wrong('_elements', `${path} is a type, not an element`);
    byType.set(type, (byType.get(type) ?? new Set()).add(name));
  }
  return byType;
}

/** Throws `invalid` for elements that resources of their type do not have. `type` is the one of the request, or empty. */
export function demandKnown(shape: Shape | undefined, type: string): void {
  if (shape?.kind !== 'elements') return;
  for (const [of, names] of shape.byType) {
    const known = of === '' ? type : of;
    if (known === '') continue;
    const all = [...properties(known).values()];
    for (const name of names) {
      if (all.some(({ json, element }) => json === name || element.name === name)) continue;
      throw wrong('_elements', `${known} has no element ${name}`);
    }
  }
}
