/**
 * The rules of FHIR's JSON that concern an object as a whole.
 * https://hl7.org/fhir/R4/json.html#primitive, https://hl7.org/fhir/R4/element.html#ele-1
 */
import { isPrimitive, type Property, properties, typeDefinition } from '../definitions/types.ts';

export type ElementProblem =
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'required'; readonly name: string; readonly choice: boolean }
  | { readonly kind: 'choice'; readonly name: string; readonly keys: readonly string[] }
  | { readonly kind: 'null'; readonly name: string; readonly index: number }
  | { readonly kind: 'lengths'; readonly name: string }
  | { readonly kind: 'bare'; readonly name: string; readonly index?: number }
  | { readonly kind: 'empty' };

type Json = Readonly<Record<string, unknown>>;
type Report = (problem: ElementProblem) => void;

interface Required {
  readonly name: string;
  readonly choice: boolean;
  readonly keys: readonly string[];
}

/** The rules of one type, looked up by the names that occur. */
interface Rules {
  readonly known: ReadonlyMap<string, Property>;
  readonly required: readonly Required[];
  readonly isElement: boolean;
  readonly isResource: boolean;
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

function rulesOf(type: string): Rules {
  const known = properties(type);
  const required = new Map<string, Required & { keys: string[] }>();
  for (const { json, element, type: use } of known.values()) {
    if (element.min === 0) continue;
    const one = required.get(element.name) ?? { name: element.name, choice: element.choice === true, keys: [] };
    one.keys.push(json, ...(isPrimitive(use.code) && !element.xml ? [`_${json}`] : []));
    required.set(element.name, one);
  }
  const isResource = typeDefinition(type)?.kind === 'resource';
  return { known, required: [...required.values()], isElement: type === 'Element', isResource };
}

/** A primitive's `_name` without its value must have an extension: an id alone is nothing. */
function hasContent(sibling: unknown): boolean {
  return isJson(sibling) && sibling['extension'] !== undefined;
}

function checkSiblingArray(name: string, values: unknown, siblings: readonly unknown[], report: Report): void {
  if (!Array.isArray(values)) {
    siblings.forEach((one, index) => {
      if (one !== null && !hasContent(one)) report({ kind: 'bare', name, index });
    });
    return;
  }
  if (values.length !== siblings.length) report({ kind: 'lengths', name });
  siblings.forEach((one, index) => {
    if (one !== null && (values[index] ?? null) === null && !hasContent(one)) report({ kind: 'bare', name, index });
  });
}

/** `_name` beside `name`. */
function checkSibling(key: string, object: Json, { known }: Rules, report: Report): Property | undefined {
  const name = key.slice(1);
  const property = known.get(name);
  if (!property || property.element.xml || !isPrimitive(property.type.code)) {
    report({ kind: 'unknown', name: key });
    return undefined;
  }
  const sibling = object[key];
  if (Array.isArray(sibling)) checkSiblingArray(name, object[name], sibling, report);
  else if (object[name] === undefined && !hasContent(sibling)) report({ kind: 'bare', name });
  return property;
}

/** A null in an array of primitives stands for a value that is in the sibling only. */
function checkNulls(name: string, values: readonly unknown[], siblings: unknown, report: Report): void {
  values.forEach((value, index) => {
    const sibling = Array.isArray(siblings) ? siblings[index] : undefined;
    if (value === null && !isJson(sibling)) report({ kind: 'null', name, index });
  });
}

function checkKey(key: string, object: Json, rules: Rules, report: Report): Property | undefined {
  const property = rules.known.get(key);
  if (property) {
    const value = object[key];
    if (Array.isArray(value) && value.includes(null) && isPrimitive(property.type.code))
      checkNulls(key, value, object[`_${key}`], report);
    return property;
  }
  if (key.charCodeAt(0) === 95) return checkSibling(key, object, rules, report);
  if (key !== 'resourceType' || !rules.isResource) report({ kind: 'unknown', name: key });
  return undefined;
}

function checkRequired(object: Json, { required }: Rules, report: Report): void {
  for (const { name, choice, keys } of required) {
    if (!keys.some((key) => object[key] !== undefined)) report({ kind: 'required', name, choice });
  }
}

/** One of value[x] only. */
function checkChoice({ json, element }: Property, chosen: Map<string, string>, report: Report): void {
  const before = chosen.get(element.name);
  if (before !== undefined && before !== json) report({ kind: 'choice', name: element.name, keys: [before, json] });
  chosen.set(element.name, json);
}

/** A function that reports what is wrong with an object of `type` as a whole; it does not look into its values. */
export function elementCheck(type: string): (object: Json, report: Report) => void {
  const rules = rulesOf(type);
  return (object, report) => {
    let chosen: Map<string, string> | undefined;
    let children = 0;
    for (const key in object) {
      // JSON has no undefined; a resource that was built in JavaScript may.
      if (object[key] === undefined) continue;
      const property = checkKey(key, object, rules, report);
      if (key !== 'id' || rules.isElement) children++;
      if (!property?.element.choice) continue;
      chosen ??= new Map();
      checkChoice(property, chosen, report);
    }
    if (children === 0 && !rules.isResource) report({ kind: 'empty' });
    checkRequired(object, rules, report);
  };
}
