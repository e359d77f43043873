/**
 * What $validate tells and no write is refused for: a missing narrative, XHTML that does not say that it is XHTML, addresses
 * that are none.
 * https://hl7.org/fhir/R4/domainresource.html#invs, https://hl7.org/fhir/R4/narrative.html, https://hl7.org/fhir/R4/references.html
 */
import type { Issue } from '../../shared/errors.ts';
import { isA } from '../definitions/types.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import type { Environment } from '../fhirpath/environment.ts';
import { parseReference } from '../search/extract-reference.ts';
import { searchsetIssues } from './bundle.ts';
import { codeSystemIssues, valueSetIssues } from './definitions-of-terms.ts';
import { show } from './explain.ts';
import { formats } from './primitives.ts';
import { formIssues } from './questionnaire/form-issues.ts';

interface Found {
  readonly object: Json;
  readonly environment: Environment;
  readonly path: () => string;
}

type Check = (found: Found) => readonly Issue[];

function error(code: string, diagnostics: string, expression: string): readonly Issue[] {
  return [{ severity: 'error', code, diagnostics, expression: [expression] }];
}

const absolute = /^[a-z][a-z0-9+.-]*:/i;

/** What is wrong with a URI that has to be absolute; undefined when nothing is. */
function uriProblem(uri: string): string | undefined {
  if (!absolute.test(uri)) return `${show(uri)} must be an absolute URI.`;
  const kind = /^urn:(uuid|oid):/.exec(uri)?.[1];
  const format = kind === undefined ? undefined : formats[kind];
  return format && !format.test(uri) ? `${show(uri)} is not ${format.wanted}.` : undefined;
}

const system: Check = ({ object, path }) => {
  const problem = typeof object['system'] === 'string' ? uriProblem(object['system']) : undefined;
  return problem === undefined ? [] : error('value', problem, `${path()}.system`);
};

const profiles: Check = ({ object, path }) => {
  const named: readonly unknown[] = Array.isArray(object['profile']) ? object['profile'] : [];
  return named.flatMap((url, at) => {
    const problem = typeof url === 'string' ? uriProblem(url) : undefined;
    return problem === undefined ? [] : error('value', problem, `${path()}.profile[${at}]`);
  });
};

/** `Patient?identifier=x`, which a transaction resolves. */
const conditional = /^[A-Z][A-Za-z]+\?/;

const reference: Check = ({ object, environment, path }) => {
  const { reference: text } = object;
  if (typeof text !== 'string' || text.startsWith('#') || conditional.test(text)) return [];
  const place = `${path()}.reference`;
  if (!absolute.test(text)) {
    const [address = ''] = text.split('#');
    return parseReference(address)?.base === ''
      ? []
      : error('value', `${show(text)} is no reference: a relative one is Type/id.`, place);
  }
  const problem = uriProblem(text);
  if (problem !== undefined) return error('value', problem, place);
  const isLost = text.startsWith('urn:uuid:') && environment.resolve !== undefined && !environment.resolve(text);
  return isLost ? error('not-found', `No entry of the Bundle has the fullUrl ${text}.`, place) : [];
};

const narrative: Check = ({ object, path }) => {
  const { div } = object;
  if (typeof div !== 'string' || /^\s*<div[^>]*xmlns\s*=/.test(div)) return [];
  return error('value', 'The <div> must be in the namespace http://www.w3.org/1999/xhtml.', `${path()}.div`);
};

/** https://hl7.org/fhir/R4/datatypes.html#attachment: bytes of the content, before it is written as base64. */
const attachment: Check = ({ object, path }) => {
  const { data, size } = object;
  if (typeof data !== 'string' || typeof size !== 'number') return [];
  const actual = Buffer.byteLength(data.replace(/\s+/g, ''), 'base64');
  return actual === size
    ? []
    : error('value', `The attachment says that it has ${size} bytes, it has ${actual}.`, `${path()}.size`);
};

/** Rules of resource types that no invariant says. */
const ofTypes: Readonly<Record<string, (object: Json, path: string) => readonly Issue[]>> = {
  Questionnaire: formIssues,
  CodeSystem: codeSystemIssues,
  ValueSet: valueSetIssues,
  Bundle: searchsetIssues,
};

const checks: Readonly<Record<string, Check>> = {
  Attachment: attachment,
  Coding: system,
  Identifier: system,
  Meta: profiles,
  Reference: reference,
  Narrative: narrative,
};

/** A contained resource needs no narrative. */
function dom6({ object, environment, path }: Found): readonly Issue[] {
  const { text } = object;
  if (environment.root !== environment.resource || (isObject(text) && text['div'] !== undefined)) return [];
  const diagnostics = 'dom-6: A resource should have narrative for robust management';
  return [{ severity: 'warning', code: 'invariant', diagnostics, expression: [path()] }];
}

/** Problems of one object of a resource. */
export function thoroughIssues(type: string, found: Found): readonly Issue[] {
  const check = Object.hasOwn(checks, type) ? checks[type] : undefined;
  if (check) return check(found);
  if (found.object['resourceType'] !== type) return [];
  const own = Object.hasOwn(ofTypes, type) ? (ofTypes[type]?.(found.object, found.path()) ?? []) : [];
  return isA(type, 'DomainResource') ? [...own, ...dom6(found)] : own;
}
