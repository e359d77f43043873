/**
 * What R4 says of Bundles in prose: how references find entries, and what fullUrl may be.
 * https://hl7.org/fhir/R4/bundle.html#references, https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.fullUrl
 */
import type { Issue } from '../../shared/errors.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import { parseReference } from '../search/extract-reference.ts';

function entriesOf(bundle: Json): readonly Json[] {
  return Array.isArray(bundle['entry']) ? bundle['entry'].filter(isObject) : [];
}

/** By fullUrl, and by `Type/id` where that means one entry only. */
function indexOf(bundle: Json): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  const several = new Set<string>();
  const add = (name: string, resource: unknown): void => {
    if (found.has(name) && found.get(name) !== resource) several.add(name);
    found.set(name, resource);
  };
  for (const { fullUrl, resource } of entriesOf(bundle)) {
    if (!isObject(resource)) continue;
    if (typeof fullUrl === 'string') add(fullUrl, resource);
    const { resourceType, id } = resource;
    if (typeof id === 'string') add(`${resourceType}/${id}`, resource);
  }
  for (const name of several) found.delete(name);
  return found;
}

/** The resource of the entry that a reference means; undefined for what is no Bundle. */
export function bundleResolver(bundle: Json): ((reference: string) => unknown) | undefined {
  if (bundle['resourceType'] !== 'Bundle') return undefined;
  let index: ReadonlyMap<string, unknown> | undefined;
  return (text) => {
    index ??= indexOf(bundle);
    const [reference = ''] = text.split('#');
    const unversioned = reference.replace(/\/_history\/[^/]*$/, '');
    return index.get(reference) ?? index.get(unversioned);
  };
}

function issue(diagnostics: string, expression: string, code = 'invalid'): Issue {
  return { severity: 'error', code, diagnostics, expression: [expression] };
}

function fullUrlIssue(fullUrl: string, resource: Json, path: string): Issue | undefined {
  if (/^urn:(?:uuid|oid):/.test(fullUrl)) return undefined;
  if (!/^[a-z][a-z0-9+.-]*:/i.test(fullUrl)) {
    return issue(`A fullUrl must be absolute, ${JSON.stringify(fullUrl)} is not.`, path, 'value');
  }
  const { resourceType, id } = resource;
  const named = parseReference(fullUrl);
  if (named?.version !== undefined) return issue('A fullUrl must not name a version.', path, 'value');
  if (typeof id !== 'string' || !named || (named.type === resourceType && named.id === id)) return undefined;
  return issue(`The fullUrl ${fullUrl} is not that of ${resourceType}/${id}.`, path);
}

/** Problems of fullUrls; `path` is the Bundle's. */
export function bundleIssues(bundle: Json, path: string): readonly Issue[] {
  const { type } = bundle;
  return entriesOf(bundle).flatMap(({ fullUrl, resource }, at) => {
    const place = `${path}.entry[${at}]`;
    if (typeof fullUrl === 'string') {
      const found = isObject(resource) ? fullUrlIssue(fullUrl, resource, `${place}.fullUrl`) : undefined;
      return found ? [found] : [];
    }
    // https://hl7.org/fhir/R4/documents.html: everything in a document is referred to by its fullUrl.
    const needs = (type === 'document' || type === 'message') && isObject(resource);
    return needs ? [issue(`An entry of a ${type} needs a fullUrl.`, `${place}.fullUrl`, 'required')] : [];
  });
}

/** Relations of which a Bundle has one link: https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.link */
const single = new Set(['self', 'first', 'previous', 'prev', 'next', 'last']);

/** Links that are there twice; and in what a search found, resources without ids and outcomes that are none. */
export function searchsetIssues(bundle: Json, path: string): readonly Issue[] {
  const links = Array.isArray(bundle['link']) ? bundle['link'].filter(isObject) : [];
  const repeated = links.flatMap(({ relation }, at) => {
    const isSecond = links.findIndex((link) => link['relation'] === relation) < at;
    const text = `There is another link with the relation ${relation}.`;
    return isSecond && single.has(String(relation)) ? [issue(text, `${path}.link[${at}].relation`)] : [];
  });
  if (bundle['type'] !== 'searchset') return repeated;
  const entries = entriesOf(bundle).flatMap(({ resource, search }, at) => {
    if (!isObject(resource)) return [];
    const place = `${path}.entry[${at}].resource`;
    const isOutcome = resource['resourceType'] === 'OperationOutcome';
    const isMarked = isObject(search) && search['mode'] === 'outcome';
    if (isMarked && !isOutcome) return [issue('What is marked as an outcome is an OperationOutcome.', place)];
    return !isOutcome && resource['id'] === undefined
      ? [issue('What a search found has an id.', `${place}.id`, 'required')]
      : [];
  });
  return [...repeated, ...entries];
}
