/**
 * References and canonicals as rows that say what they point at.
 * https://hl7.org/fhir/R4/search.html#reference
 */
import type { ReferencePart } from '../../store/search/index-row.ts';
import { parseReference } from './extract-reference.ts';
import { type Converters, type Json, plain, type Sink, text } from './extract-sink.ts';
import { referenceIdentifier } from './extract-token.ts';

function push(sink: Sink, part: ReferencePart, name?: string): void {
  sink.rows.push({ kind: 'reference', param: sink.param, ...part, ...(name === undefined ? {} : { name }) });
}

/** A canonical is found with and without its version, and by the beginning of its version. */
function canonical(value: unknown, sink: Sink): void {
  const whole = text(value);
  if (whole === undefined) return;
  push(sink, { url: whole });
  if (whole.startsWith('#')) return;
  const bar = whole.indexOf('|');
  if (bar > 0) push(sink, { url: whole.slice(0, bar) });
  sink.rows.push({ kind: 'uri', param: sink.param, value: whole });
}

/** What a Reference points at; a contained resource by its name within the container (extract-contained.ts). */
function literal(reference: string, base: string | undefined): ReferencePart | undefined {
  if (reference.startsWith('#')) return { url: reference };
  // A conditional reference is replaced before it is stored.
  if (reference.includes('?')) return undefined;
  const found = parseReference(reference);
  if (!found || (found.base !== '' && found.base !== base)) return { url: reference };
  const { type, id, version } = found;
  return { target: { type, id, ...(version === undefined ? {} : { version }) } };
}

function reference(value: Json, sink: Sink): void {
  const known = text(value['reference']);
  const part = known === undefined ? undefined : literal(known, sink.base);
  const display = text(value['display']);
  if (part) push(sink, part, display);
  else if (display !== undefined && known === undefined) push(sink, { url: '' }, display);
  referenceIdentifier(value['identifier'], sink);
}

/** A resource held inline (the first entry of a document) counts as a reference to itself. */
function resource(value: Json, sink: Sink): void {
  const type = text(value['resourceType']);
  const id = text(value['id']);
  if (type !== undefined && id !== undefined) push(sink, { target: { type, id } });
}

const named = plain(canonical);

export const references: Converters = {
  Reference: plain(reference),
  canonical: named,
  uri: named,
  url: named,
  Resource: plain(resource),
};
