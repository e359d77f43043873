/**
 * The value set that an element is bound to: what `context` of $expand and $validate-code names.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import type { ElementDefinition, StructureDefinition } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { properties } from '../definitions/types.ts';
import { visible } from '../interactions/visible.ts';

const base = 'http://hl7.org/fhir/StructureDefinition/';
const type = 'StructureDefinition';

/** `Patient.contact.gender`, along R4's own definitions. */
function ofBaseTypes(path: string): string | undefined {
  const [root = '', ...names] = path.replaceAll('[x]', '').split('.');
  let at = root;
  for (const [index, name] of names.entries()) {
    const property = [...properties(at).values()].find(({ json, element }) => json === name || element.name === name);
    if (!property) return undefined;
    if (index === names.length - 1) return property.element.binding?.valueSet;
    at = property.type.code;
  }
  return undefined;
}

/** The binding of the element with this id or path, as the profile has it. */
function ofProfile({ snapshot, differential }: StructureDefinition, path: string): string | undefined {
  const named = ({ id, path: own, binding }: ElementDefinition) => (id === path || own === path) && binding?.valueSet;
  const elements = [...(differential?.element ?? []), ...(snapshot?.element ?? [])];
  return elements.find(named)?.binding?.valueSet;
}

async function stored(context: Context, url: string): Promise<StructureDefinition | undefined> {
  if (!context.access.may('r', type)) return undefined;
  const page = await context.store.search({
    type,
    where: [{ kind: 'uri', param: `${type}.url`, any: [url], match: 'exact' }],
    sort: [],
    count: 10,
    total: 'none',
  });
  const [found] = await visible(context, 'r', page.versions);
  return found && (JSON.parse(found.body) as StructureDefinition);
}

/**
 * The value set of `StructureDefinition-URL#path`: a stored profile's own binding, otherwise that of the type. Throws
 * `notFound` for an element without one.
 */
export async function valueSetOfContext(context: Context, text: string): Promise<string> {
  const hash = text.indexOf('#');
  const [url, path] = hash < 0 ? [text, ''] : [text.slice(0, hash), text.slice(hash + 1)];
  const profile = await stored(context, url);
  const own = profile && ofProfile(profile, path);
  const isBase = url.startsWith(base) && path.split('.')[0] === url.slice(base.length);
  const found = own ?? (profile || isBase ? ofBaseTypes(path) : undefined);
  if (found !== undefined) return found;
  const message = `The context ${text} names no element with a value set: it is StructureDefinition-URL#path.`;
  throw new FhirError('notFound', message, { expression: ['context'] });
}
