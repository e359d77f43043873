/**
 * Of each type, the properties at which the walk over a resource has something to check or goes on.
 * https://hl7.org/fhir/R4/elementdefinition.html
 */
import { keep } from '../definitions/generated.ts';
import { type Binding, isPrimitive, type Property, properties } from '../definitions/types.ts';
import { codesOf } from '../definitions/value-sets.ts';
import { compileInvariant, type Invariant } from './invariants.ts';

/** What to check on each value of an element, and how to go on below it. */
export interface Stop {
  readonly name: string;
  /** Checks of this element besides those of its type. */
  readonly invariants: readonly Invariant[];
  readonly targets?: readonly string[];
  /** A binding that the structure's own check does not see to. */
  readonly binding?: { readonly strength: 'required' | 'extensible'; readonly valueSet: string };
  /** undefined: nothing below. */
  readonly type?: string;
}

const bindable = new Set(['code', 'Coding', 'CodeableConcept', 'Quantity', 'string', 'uri']);

/** Extensible bindings, and required ones whose codes are not listed. */
function openBinding(binding: Binding | undefined, type: string): Pick<Stop, 'binding'> {
  const { strength, valueSet } = binding ?? {};
  if (valueSet === undefined || !bindable.has(type)) return {};
  const isOpen = strength === 'extensible' || (strength === 'required' && codesOf(valueSet) === undefined);
  return isOpen ? { binding: { strength, valueSet } } : {};
}

function stopOf({ element, type }: Property): Stop {
  const code = type.profile ?? type.code;
  const types = element.types.map((one) => one.code);
  return {
    name: element.name,
    invariants: (element.constraints ?? []).map((constraint) => compileInvariant(constraint, types)),
    ...(type.code === 'Reference' && type.targets ? { targets: type.targets } : {}),
    ...openBinding(element.binding, type.code),
    ...(isPrimitive(code) ? {} : { type: code }),
  };
}

/** The stops of a type by JSON property; a primitive without checks is none, its `_name` leads to its extensions. */
export const stops: (type: string) => ReadonlyMap<string, Stop> = keep((type: string) => {
  const found = new Map<string, Stop>();
  for (const property of properties(type).values()) {
    const stop = stopOf(property);
    if (stop.type !== undefined || stop.binding || stop.invariants.length > 0) found.set(property.json, stop);
    if (stop.type === undefined) found.set(`_${property.json}`, { name: stop.name, invariants: [], type: 'Element' });
  }
  return found;
});
