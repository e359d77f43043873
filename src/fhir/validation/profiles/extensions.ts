/**
 * Extensions against their definitions: known or not, modifying or not, and where they may be used.
 * https://hl7.org/fhir/R4/extensibility.html, https://hl7.org/fhir/R4/defining-extensions.html#context
 */
import type { Issue } from '../../../shared/errors.ts';
import { isA, properties } from '../../definitions/types.ts';
import { isObject, type Json, truth } from '../../fhirpath/collection.ts';
import { compile } from '../../fhirpath/compile.ts';
import type { Environment } from '../../fhirpath/environment.ts';
import type { ExtensionContext } from './definition.ts';
import { wantedUrl } from './discriminator-path.ts';
import type { Profile } from './known.ts';

/** Where an extension stands: names and indexes from the outermost resource on, the last ones its own. */
export interface Standing {
  readonly outermost: Json;
  readonly steps: readonly (string | number)[];
  readonly path: string;
  readonly extension: Json;
  /** The extensions of an element by url; made once for each element. */
  readonly kin: (element: Json) => ReadonlyMap<unknown, readonly unknown[]>;
  readonly environment: Environment;
}

/** An element on the way to the extension. */
interface Holder {
  readonly value: unknown;
  /** Its type: `HumanName`, `Patient.contact`. */
  readonly type: string;
  /** `Patient.name`, from the nearest resource on, and `HumanName.family`. */
  readonly names: readonly string[];
}

function propertyOf(type: string, name: string, object: Json) {
  for (const property of properties(type).values()) {
    if (property.element.name !== name) continue;
    if (object[property.json] !== undefined || object[`_${property.json}`] !== undefined) return property;
  }
  return undefined;
}

function child({ value, type, names }: Holder, name: string): Holder | undefined {
  const property = isObject(value) ? propertyOf(type, name, value) : undefined;
  if (!property || !isObject(value)) return undefined;
  const { json, element, type: use } = property;
  // A primitive's extensions are in its sibling; which is looked at hardly matters above it.
  const found = value[`_${json}`] ?? value[json];
  const suffix = element.choice ? [element.name, `${element.name}[x]`] : [element.name];
  const all = suffix.flatMap((one) => [...names, type].map((before) => `${before}.${one}`));
  return { value: found, type: use.code, names: [...new Set(all)] };
}

/** The element that holds the extension. */
function holderOf({ outermost, steps }: Standing): Holder | undefined {
  let at: Holder | undefined = { value: outermost, type: String(outermost['resourceType']), names: [] };
  const own = steps.findLastIndex((step) => typeof step === 'string');
  for (const step of steps.slice(1, own)) {
    if (!at) return undefined;
    if (typeof step === 'number') at = { ...at, value: Array.isArray(at.value) ? at.value[step] : at.value };
    else at = child(at, step);
    const inner: unknown = at?.value;
    if (at?.type === 'Resource' && isObject(inner)) at = { ...at, type: String(inner['resourceType']), names: [] };
  }
  return at;
}

const system = /^http:\/\/hl7\.org\/fhirpath\/System\./;

function isElement({ type, names }: Holder, expression: string): boolean {
  const wanted = expression.replace(/^https?:\/\/hl7\.org\/fhir\/StructureDefinition\//, '').replace(system, '');
  // `*` and Element: anywhere.
  if (wanted === '*' || wanted === 'Element' || wanted === type || names.includes(wanted)) return true;
  if (isA(type, wanted)) return true;
  // A profile's element (`url#Patient.name`) is its base's.
  const hash = wanted.indexOf('#');
  return hash >= 0 && isElement({ value: undefined, type, names }, wanted.slice(hash + 1).replace(/:[^.]+/g, ''));
}

function isInFhirpath({ value }: Holder, expression: string, { environment }: Standing): boolean {
  const { resource } = environment;
  const type = isObject(resource) ? String(resource['resourceType']) : '';
  return compile(expression, [type]).run([resource], environment).includes(value);
}

function fits(context: ExtensionContext, holder: Holder, standing: Standing): boolean {
  const { type, expression } = context;
  if (type === 'element') return isElement(holder, expression);
  if (type === 'extension') {
    const url = isObject(holder.value) ? holder.value['url'] : undefined;
    return holder.type === 'Extension' && (url === expression || url === expression.split('#')[0]);
  }
  return type !== 'fhirpath' || isInFhirpath(holder, expression, standing);
}

function issue(diagnostics: string, path: string, severity: Issue['severity'] = 'error', code = 'extension'): Issue {
  return { severity, code, diagnostics, expression: [path] };
}

function contextIssues(profile: Profile, standing: Standing): readonly Issue[] {
  const { definition, url } = profile;
  const { context = [], contextInvariant = [] } = definition;
  const holder = holderOf(standing);
  if (!holder) return [];
  const issues: Issue[] = [...countIssues(profile, standing, holder), ...innerIssues(profile, standing)];
  if (context.length > 0 && !context.some((one) => fits(one, holder, standing))) {
    const places = context.map(({ type, expression }) => (type === 'element' ? expression : `${type} ${expression}`));
    const here = holder.names[0] ?? holder.type;
    issues.push(issue(`The extension ${url} is for ${places.join(', ')}, not for ${here}.`, standing.path));
  }
  for (const invariant of contextInvariant) {
    const { run } = compile(invariant, [holder.type]);
    const environment = { ...standing.environment, variables: { extension: [standing.extension] } };
    if (truth(run([holder.value], environment)) === false)
      issues.push(issue(`The extension ${url} may be used only where ${invariant}.`, standing.path));
  }
  return issues;
}

/** The extensions in an extension whose definition does not have them; those with a url of their own may be anywhere. */
function innerIssues({ tree, url }: Profile, { extension, path }: Standing): readonly Issue[] {
  const slices = [...(tree.children.get('extension')?.slices.values() ?? [])];
  const known = new Set(slices.map(wantedUrl));
  const inner: readonly unknown[] = Array.isArray(extension['extension']) ? extension['extension'] : [];
  return inner.flatMap((one, at) => {
    const own = isObject(one) ? one['url'] : undefined;
    if (typeof own !== 'string' || own.includes(':') || known.has(own)) return [];
    const diagnostics = `The extension ${url} has no part ${JSON.stringify(own)}.`;
    return [issue(diagnostics, `${path}.extension[${at}]`)];
  });
}

/** Finds the extensions of elements by url. */
export function kinFinder(): Standing['kin'] {
  const known = new Map<Json, ReadonlyMap<unknown, readonly unknown[]>>();
  return (element) => {
    const before = known.get(element);
    if (before) return before;
    const found = new Map<unknown, unknown[]>();
    for (const one of [element['extension'], element['modifierExtension']].flat()) {
      if (!isObject(one)) continue;
      const same = found.get(one['url']);
      if (same) same.push(one);
      else found.set(one['url'], [one]);
    }
    known.set(element, found);
    return found;
  };
}

/** The first extension too many is told of. */
function countIssues({ tree, url }: Profile, standing: Standing, holder: Holder): readonly Issue[] {
  const { max } = tree;
  const own = (isObject(holder.value) && standing.kin(holder.value).get(url)) || [];
  if (max === undefined || own.length <= max || own[max] !== standing.extension) return [];
  return [issue(`The extension ${url} is allowed at most ${max} times here, found ${own.length}.`, standing.path)];
}

/** What its place, and its definition as a whole, say against an extension. */
export function standingIssues(profile: Profile, standing: Standing): readonly Issue[] {
  const modifies = profile.definition.isModifier === true;
  const isModifier = standing.steps.findLast((step) => typeof step === 'string') === 'modifierExtension';
  const wrong =
    modifies === isModifier
      ? []
      : [
          issue(
            `The extension ${profile.url} ${modifies ? 'must be a modifierExtension' : 'is no modifierExtension'}.`,
            standing.path,
          ),
        ];
  try {
    return [...wrong, ...contextIssues(profile, standing)];
  } catch (error) {
    // The definition's expression is at fault, not the resource.
    if (!(error instanceof SyntaxError)) throw error;
    return [
      ...wrong,
      issue(`The context was not checked: ${error.message}`, standing.path, 'information', 'not-supported'),
    ];
  }
}

/** Hosts that stand for nobody: https://www.rfc-editor.org/rfc/rfc2606#section-3 */
const example = /^https?:\/\/(?:[^/]*\.)?example\.(?:org|com|net)\//;

/** What is to be said of an extension that no definition is known of. */
export function unknownIssues(url: string, standing: Standing): readonly Issue[] {
  const { steps, path } = standing;
  const [own] = steps.filter((step) => typeof step === 'string').slice(-1);
  if (own === 'modifierExtension') {
    const diagnostics = `The modifier extension ${url} is not known, so the meaning cannot be told.`;
    return [issue(diagnostics, path, example.test(url) ? 'warning' : 'error')];
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return [issue(`The extension ${url} is not known.`, path, 'information')];
  const holder = holderOf(standing);
  return holder?.type === 'Extension'
    ? []
    : [issue(`The url of an extension must be absolute, ${JSON.stringify(url)} is not.`, path)];
}
