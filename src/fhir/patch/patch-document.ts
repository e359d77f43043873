/**
 * A patch as it comes: a JSON Patch, an XML Patch, or a FHIRPath Patch in a Parameters resource; in a Bundle the first two in a
 * Binary.
 * https://hl7.org/fhir/R4/http.html#patch
 */
import { isUtf8 } from 'node:buffer';
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { parseText } from '../json/body.ts';
import type { Body } from '../reply.ts';
import { applyFhirPathPatch } from './fhirpath-patch.ts';
import { applyJsonPatch, type JsonOperation, parseJsonPatch } from './json-patch.ts';
import { parseXmlPatch, type XmlOperation } from './xml-operations.ts';
import { applyXmlPatch } from './xml-patch.ts';

const jsonPatchType = 'application/json-patch+json';
const xmlPatchType = 'application/xml-patch+xml';

/** CapabilityStatement.rest.patchFormat, FHIR's own formats aside. */
export const patchTypes: readonly string[] = [jsonPatchType, xmlPatchType];

export type Patch =
  | { readonly kind: 'json'; readonly operations: readonly JsonOperation[] }
  | { readonly kind: 'xml'; readonly operations: readonly XmlOperation[] }
  | { readonly kind: 'fhirpath'; readonly body: Body };

/** The patch that a resource is: Parameters, or a Binary that holds one. Throws `invalid` and `unsupportedMedia`. */
export function patchOf(body: Body): Patch {
  const { resource } = body;
  if (resource.resourceType === 'Parameters') return { kind: 'fhirpath', body };
  if (resource.resourceType !== 'Binary') {
    const message = `A patch is a Parameters resource, or a Binary with a JSON or XML Patch, and no ${resource.resourceType}.`;
    throw new FhirError('invalid', message, { expression: [`${resource.resourceType}.resourceType`] });
  }
  const [type = ''] = String(resource.contentType ?? '').split(';');
  const bytes = Buffer.from(String(resource.data ?? ''), 'base64');
  if (!isUtf8(bytes)) throw new FhirError('invalid', 'The patch is not UTF-8.', { expression: ['Binary.data'] });
  const text = bytes.toString('utf8');
  if (type.trim() === jsonPatchType) return { kind: 'json', operations: parseJsonPatch(text) };
  if (type.trim() === xmlPatchType) return { kind: 'xml', operations: parseXmlPatch(text) };
  if (/^application\/(fhir\+)?json$/.test(type.trim())) return patchOf(parseText(text));
  const message = `A patch of type ${JSON.stringify(type)} is not supported; ${patchTypes.join(', ')} and Parameters are.`;
  throw new FhirError('unsupportedMedia', message, { expression: ['Binary.contentType'] });
}

/**
 * The resource after the patch; what the patch does not touch keeps its text. Throws `unprocessable` for an operation that
 * cannot be applied, or that makes another resource of it.
 */
export async function patched(
  { type, id, text }: { readonly type: string; readonly id: string; readonly text: string },
  patch: Patch,
): Promise<Body> {
  const result = await applied(text, type, patch);
  const resource = JSON.parse(result) as Resource | null;
  if (resource?.resourceType !== type) {
    throw new FhirError('unprocessable', 'A patch cannot change the type.', { expression: [`${type}.resourceType`] });
  }
  if (resource.id !== id) {
    throw new FhirError('unprocessable', 'A patch cannot change the id.', { expression: [`${type}.id`] });
  }
  return { resource, text: result };
}

function applied(text: string, type: string, patch: Patch): string | Promise<string> {
  if (patch.kind === 'json') return applyJsonPatch(text, type, patch.operations);
  return patch.kind === 'xml'
    ? applyXmlPatch(text, type, patch.operations)
    : applyFhirPathPatch(text, type, patch.body);
}
