/**
 * Codes, identifiers and the like as token rows, with what they are called.
 * https://hl7.org/fhir/R4/search.html#token
 */
import type { ElementDefinition } from '../definitions/types.ts';
import { codesOf, systemOfCode } from '../definitions/value-sets.ts';
import { type Converters, type Json, list, plain, type Sink, text } from './extract-sink.ts';

interface More {
  readonly names?: readonly (string | undefined)[];
  readonly types?: readonly { readonly system?: string; readonly code: string }[];
  readonly coded?: true;
}

/** One row; one without a code is there for its names only. */
function token(sink: Sink, system: unknown, code: unknown, { names = [], types = [], coded }: More = {}): void {
  const spoken = [...new Set(names.filter((name) => name !== undefined))];
  const known = text(code) ?? (spoken.length > 0 ? '' : undefined);
  if (known === undefined) return;
  const space = known === '' ? undefined : text(system);
  sink.rows.push({
    kind: 'token',
    param: sink.param,
    code: known,
    ...(space === undefined ? {} : { system: space }),
    ...(spoken.length === 0 ? {} : { names: spoken }),
    ...(types.length === 0 ? {} : { types }),
    ...(coded ? { coded } : {}),
  });
}

function coding({ system, code, display }: Json, sink: Sink): void {
  token(sink, system, code, { names: [text(display)], coded: true });
}

function codeableConcept(value: Json, sink: Sink): void {
  const whole = text(value['text']);
  const codings = list(value['coding']) as readonly Json[];
  for (const { system, code, display } of codings) {
    if (text(code) !== undefined) token(sink, system, code, { names: [text(display), whole], coded: true });
  }
  const bare = codings.filter(({ code }) => text(code) === undefined).map(({ display }) => text(display));
  const hasCode = codings.length > bare.length;
  token(sink, undefined, undefined, { names: hasCode ? bare : [...bare, whole], coded: true });
}

function identifier({ system, value, type }: Json, sink: Sink): void {
  if (text(value) === undefined) return;
  const concept = (type ?? {}) as Json;
  const types = (list(concept['coding']) as readonly Json[]).flatMap(({ system: space, code }) => {
    const [known, named] = [text(code), text(space)];
    return known === undefined ? [] : [{ code: known, ...(named === undefined ? {} : { system: named }) }];
  });
  token(sink, system, value, { names: [text(concept['text'])], types });
}

/** `Reference.identifier`, for the modifier `:identifier`. */
export function referenceIdentifier(value: unknown, sink: Sink): void {
  if (value) identifier(value as Json, { ...sink, param: `${sink.param}:identifier` });
}

/** A bare code has the system of the value set that it is bound to. */
function code(element: ElementDefinition | undefined): (value: unknown, sink: Sink) => void {
  const url = element?.binding?.strength === 'required' ? element.binding.valueSet : undefined;
  const systems = url === undefined ? [] : [...(codesOf(url)?.keys() ?? [])];
  const coded = true;
  if (systems.length > 1)
    return (value, sink) => token(sink, systemOfCode(url as string, String(value)), value, { coded });
  return (value, sink) => token(sink, systems[0], value, { coded });
}

const asItIs = plain((value, sink) => token(sink, undefined, String(value)));
const withoutCase = plain((value, sink) => token(sink, undefined, tokenWithoutCase(String(value))));

/** Of texts that are searched as tokens case does not matter; the same for what is stored and what is asked. */
export function tokenWithoutCase(value: string): string {
  return value.toLowerCase();
}

/** FHIR types of codes, of which there are few. */
export const codedTypes: ReadonlySet<string> = new Set(['code', 'Coding', 'CodeableConcept']);

/** FHIR types whose tokens have no case. */
export const caseless: ReadonlySet<string> = new Set(['string', 'markdown', 'ContactPoint']);

export const tokens: Converters = {
  Identifier: plain(identifier),
  CodeableConcept: plain(codeableConcept),
  Coding: plain(coding),
  ContactPoint: plain(({ value, system }: Json, sink) => {
    const known = text(value);
    if (known !== undefined) token(sink, system, tokenWithoutCase(known));
  }),
  code,
  boolean: asItIs,
  id: asItIs,
  uri: asItIs,
  url: asItIs,
  canonical: asItIs,
  oid: asItIs,
  uuid: asItIs,
  string: withoutCase,
  markdown: withoutCase,
};
