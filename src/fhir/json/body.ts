/** From the bytes of a request to a resource: UTF-8, JSON and resourceType checked; nothing of FHIR's rules yet. */
import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import type { Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Body } from '../reply.ts';
import { checkJson, jsonError } from './check.ts';
import { parseInTurns } from './parse-in-turns.ts';

/** Parses a request body; throws FhirError `invalid` that says what is wrong with it and where. */
export function parseBody(bytes: Buffer): Body {
  return parseText(decodeText(bytes));
}

/** Above this, taking a body apart is done in steps, between which others have their turn; characters. */
const long = 500_000;

/** `parseText`, which for a long text takes turns with other work: one step for each entry or the like, or some of them. */
export async function parseLongText(text: string): Promise<Body> {
  if (text.length < long) return parseText(text);
  demandNoMark(text);
  return asBody(text, await parseInTurns(text));
}

/** The text of a body; throws `invalid` when there is none or it is not UTF-8. */
function decodeText(bytes: Buffer): string {
  if (bytes.length === 0) throw malformed('The body is empty; a resource is expected.');
  if (!isUtf8(bytes)) throw malformed(`The body is not UTF-8: byte ${invalidByte(bytes)} begins no character.`);
  return bytes.toString('utf8');
}

/** The same for long bodies, in steps between which others have their turn. */
export async function decodeLongText(bytes: Buffer): Promise<string> {
  if (bytes.length < long || !isUtf8(bytes)) return decodeText(bytes);
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = characterAt(bytes, from + long);
    pieces.push(bytes.toString('utf8', from, to));
    from = to;
    await setImmediate();
  }
  return pieces.join('');
}

/** Where the character begins that the byte at a place belongs to. */
function characterAt(bytes: Buffer, at: number): number {
  let here = Math.min(at, bytes.length);
  while (((bytes[here] ?? 0) & 0xc0) === 0x80) here -= 1;
  return here;
}

/** The same for a text. */
export function parseText(text: string): Body {
  demandNoMark(text);
  checkJson(text);
  return asBody(text, JSON.parse(text));
}

function demandNoMark(text: string): void {
  if (text.charCodeAt(0) === 0xfeff) throw jsonError(text, 0, 'a byte order mark');
}

function asBody(text: string, value: unknown): Body {
  const resource = value as Resource | null;
  if (typeof resource !== 'object' || resource === null || Array.isArray(resource)) {
    throw malformed('The body is not a JSON object with a resourceType.');
  }
  if (typeof resource.resourceType !== 'string') {
    throw new FhirError('invalid', 'The body has no resourceType.', { expression: ['resourceType'] });
  }
  return { resource, text };
}

/** The body of a resource that this server makes itself. */
export function bodyOf(resource: Resource): Body {
  return { resource, text: JSON.stringify(resource) };
}

function malformed(diagnostics: string): FhirError {
  return new FhirError('invalid', diagnostics, { issues: [{ severity: 'fatal', code: 'structure', diagnostics }] });
}

const replacement = Buffer.from('\ufffd');

/** Offset of the first byte that is not part of a UTF-8 character: where decoding put U+FFFD and the client did not. */
function invalidByte(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let offset = 0;
  let from = 0;
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', from)) {
    offset += Buffer.byteLength(text.slice(from, at));
    if (!bytes.subarray(offset, offset + replacement.length).equals(replacement)) return offset;
    offset += replacement.length;
    from = at + 1;
  }
  return bytes.length;
}
