/**
 * Binary resources as the bytes that they hold.
 * https://hl7.org/fhir/R4/binary.html#rest
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Binary } from '@medplum/fhirtypes';
import { bodyOf, parseBody } from '../fhir/json/body.ts';
import type { Body } from '../fhir/reply.ts';
import { FhirError } from '../shared/errors.ts';
import { parseMediaType } from './media-types.ts';

/** Whether it may be sent as a Content-Type; other texts are sent as bytes of no known type. */
const mediaType = /^[\w.+-]+\/[\w.+-]+(?:\s*;\s*[\w.+-]+=(?:[\w.+-]+|"[\w .+/:-]*"))*$/;

export interface RawAnswer {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a stored Binary holds. Whatever it is, a browser runs none of it: it is framed off from our origin, and taken for
 * nothing else than its type says.
 */
export function rawOf(text: string): RawAnswer {
  const { contentType = '', data = '', securityContext } = JSON.parse(text) as Binary;
  const reference = securityContext?.reference;
  return {
    bytes: Buffer.from(data, 'base64'),
    headers: {
      'Content-Type': mediaType.test(contentType) ? contentType : 'application/octet-stream',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      ...(reference && /^[\x21-\x7e]+$/.test(reference) ? { 'X-Security-Context': reference } : {}),
    },
  };
}

/** A Binary made of a body that is no resource. `id` is the one of an update. */
export function binaryOf(bytes: Buffer, headers: IncomingHttpHeaders, id: string): Body {
  const contentType = headers['content-type'];
  if (contentType === undefined || !mediaType.test(contentType)) {
    throw new FhirError('unsupportedMedia', 'A Binary needs a Content-Type that says what it is.');
  }
  const context = headers['x-security-context'];
  const binary: Binary = {
    resourceType: 'Binary',
    ...(id === '' ? {} : { id }),
    contentType,
    ...(context === undefined ? {} : { securityContext: { reference: String(context) } }),
    ...(bytes.length === 0 ? {} : { data: bytes.toString('base64') }),
  };
  return bodyOf(binary);
}

/**
 * Whether a body of this type that was sent to a Binary is its content. FHIR's own types are resources; JSON and XML in
 * general may be either, so that what they say decides.
 */
export function isContent(bytes: Buffer, headers: IncomingHttpHeaders): boolean {
  const { type } = parseMediaType(headers['content-type'] ?? '');
  if (type.startsWith('application/fhir+')) return false;
  if (type.endsWith('/xml'))
    return !/<(?:\w+:)?Binary\b[^>]*http:\/\/hl7\.org\/fhir/.test(bytes.toString('utf8', 0, 4096));
  return !type.endsWith('/json') || !isResource(bytes);
}

function isResource(bytes: Buffer): boolean {
  try {
    return parseBody(bytes).resource.resourceType === 'Binary';
  } catch {
    return false;
  }
}
