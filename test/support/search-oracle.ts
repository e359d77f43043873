/**
 * What a search finds, worked out the slow way from the text of R4 and from the resources themselves: it shares nothing with
 * the product. A few types and parameters, so that it can be checked by reading.
 * https://hl7.org/fhir/R4/search.html
 */
export interface Held {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

type Values = readonly unknown[];
type Json = Readonly<Record<string, unknown>>;
type Kind = 'string' | 'token' | 'date' | 'quantity' | 'reference';

const list = (value: unknown): Values => (Array.isArray(value) ? value : value === undefined ? [] : [value]);
const names = (held: Held): Values =>
  list(held['name']).flatMap((name) => {
    const { family, given, text } = name as Json;
    return [...list(family), ...list(given), ...list(text)];
  });
const codings = (concept: unknown): Values => list((concept as Json | undefined)?.['coding']);

/** The values of a parameter, as the definition's expression has them. */
const parameters: Readonly<Record<string, readonly [Kind, (held: Held) => Values]>> = {
  'Patient.name': ['string', names],
  'Patient.family': ['string', (held) => list(held['name']).flatMap((name) => list((name as Json)['family']))],
  'Patient.gender': [
    'token',
    (held) => list(held['gender']).map((code) => ({ system: 'http://hl7.org/fhir/administrative-gender', code })),
  ],
  'Patient.identifier': [
    'token',
    (held) =>
      list(held['identifier']).map((one) => ({ system: (one as Json)['system'], code: (one as Json)['value'] })),
  ],
  'Patient.birthdate': ['date', (held) => list(held['birthDate'])],
  'Patient.general-practitioner': ['reference', (held) => list(held['generalPractitioner'])],
  'Practitioner.name': ['string', names],
  'Observation.code': ['token', (held) => codings(held['code'])],
  'Observation.status': [
    'token',
    (held) => list(held['status']).map((code) => ({ system: 'http://hl7.org/fhir/observation-status', code })),
  ],
  'Observation.date': ['date', (held) => [...list(held['effectiveDateTime']), ...list(held['effectivePeriod'])]],
  'Observation.value-quantity': ['quantity', (held) => list(held['valueQuantity'])],
  'Observation.subject': ['reference', (held) => list(held['subject'])],
  'Observation.patient': ['reference', (held) => list(held['subject'])],
};

interface Range {
  /** First instant, and the first that no longer belongs to it. */
  readonly from: number;
  readonly to: number;
}

/** https://hl7.org/fhir/R4/search.html#date: a date is all of the time that it leaves open. */
function span(text: string): Range {
  const [year = 0, month, day] = text.slice(0, 10).split('-').map(Number);
  if (text.length > 10) {
    const minute = text.length === 17;
    const from = Date.parse(minute ? text.replace('Z', ':00Z') : text);
    return { from, to: from + (minute ? 60_000 : 1000) };
  }
  if (month === undefined) return { from: Date.UTC(year), to: Date.UTC(year + 1) };
  if (day === undefined) return { from: Date.UTC(year, month - 1), to: Date.UTC(year, month) };
  return { from: Date.UTC(year, month - 1, day), to: Date.UTC(year, month - 1, day + 1) };
}

function rangeOf(value: unknown): Range {
  if (typeof value === 'string') return span(value);
  const { start, end } = value as { readonly start?: string; readonly end?: string };
  return { from: start ? span(start).from : -Infinity, to: end ? span(end).to : Infinity };
}

type Compare = (stored: Range, asked: Range) => boolean;

/** https://hl7.org/fhir/R4/search.html#prefix, sentence by sentence. */
const contains: Compare = (stored, asked) => stored.from >= asked.from && stored.to <= asked.to;
const reachesAbove: Compare = (stored, asked) => stored.to > asked.to;
const reachesBelow: Compare = (stored, asked) => stored.from < asked.from;
const compare: Readonly<Record<string, Compare>> = {
  eq: contains,
  ne: (stored, asked) => !contains(stored, asked),
  gt: reachesAbove,
  lt: reachesBelow,
  ge: (stored, asked) => reachesAbove(stored, asked) || contains(stored, asked),
  le: (stored, asked) => reachesBelow(stored, asked) || contains(stored, asked),
  sa: (stored, asked) => stored.from >= asked.to,
  eb: (stored, asked) => stored.to <= asked.from,
};

function prefixed(text: string): readonly [string, string] {
  const prefix = text.slice(0, 2);
  return prefix in compare ? [prefix, text.slice(2)] : ['eq', text];
}

function dateFits(value: unknown, text: string): boolean {
  const [prefix, date] = prefixed(text);
  return compare[prefix]?.(rangeOf(value), span(date)) ?? false;
}

/** https://hl7.org/fhir/R4/search.html#number: eq and ne go by the digits that are given, the others do not. */
function numberFits(stored: number, text: string): boolean {
  const [prefix, digits] = prefixed(text);
  const asked = Number(digits);
  const half = 0.5 * 10 ** -(digits.split('.')[1]?.length ?? 0);
  const isEqual = stored >= asked - half && stored < asked + half;
  if (prefix === 'eq') return isEqual;
  if (prefix === 'ne') return !isEqual;
  if (prefix === 'gt' || prefix === 'sa') return stored > asked;
  if (prefix === 'lt' || prefix === 'eb') return stored < asked;
  return prefix === 'ge' ? stored >= asked : stored <= asked;
}

function quantityFits(value: unknown, text: string): boolean {
  const {
    value: stored,
    system,
    code,
  } = value as { readonly value: number; readonly system: string; readonly code: string };
  const [number = '', space = '', unit = ''] = text.split('|');
  return numberFits(stored, number) && (space === '' || space === system) && (unit === '' || unit === code);
}

/** https://hl7.org/fhir/R4/search.html#token */
function tokenFits(value: unknown, text: string): boolean {
  const { system, code } = value as { readonly system?: string; readonly code?: string };
  const bar = text.indexOf('|');
  if (bar < 0) return code === text;
  const [space, rest] = [text.slice(0, bar), text.slice(bar + 1)];
  if (space === '') return system === undefined && code === rest;
  return system === space && (rest === '' || code === rest);
}

/** Without case and accents. */
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const fits: Readonly<Record<Kind, (value: unknown, text: string, modifier: string | undefined) => boolean>> = {
  string(value, text, modifier) {
    const stored = String(value);
    if (modifier === 'exact') return stored === text;
    return modifier === 'contains' ? folded(stored).includes(folded(text)) : folded(stored).startsWith(folded(text));
  },
  token: tokenFits,
  date: dateFits,
  quantity: quantityFits,
  reference: (value, text) => {
    const { reference } = value as { readonly reference?: string };
    return reference === text || reference?.split('/')[1] === text;
  },
};

/** Whether `held` fulfils `name=value`; `all` are the resources that there are. */
function fulfils(all: readonly Held[], held: Held, name: string, value: string): boolean {
  const has = /^_has:(\w+):([\w-]+):(.*)$/.exec(name);
  if (has) {
    const [, source = '', code = '', rest = ''] = has;
    return all.some(
      (one) =>
        one.resourceType === source && pointsAt(one, `${source}.${code}`, held) && fulfils(all, one, rest, value),
    );
  }
  const [first = '', ...chain] = name.split('.');
  const [code = '', modifier] = first.split(':');
  if (chain.length > 0) {
    return all.some(
      (one) =>
        (modifier === undefined || one.resourceType === modifier) &&
        pointsAt(held, `${held.resourceType}.${code}`, one) &&
        fulfils(all, one, chain.join('.'), value),
    );
  }
  if (code === '_id') return value.split(',').includes(held.id);
  const [kind, read] = parameters[`${held.resourceType}.${code}`] ?? [];
  if (!kind || !read) return false;
  const values = read(held);
  if (modifier === 'missing') return (values.length === 0) === (value === 'true');
  const any = values.some((one) => value.split(',').some((text) => fits[kind](one, text, modifier)));
  return modifier === 'not' ? !any : any;
}

function pointsAt(from: Held, param: string, to: Held): boolean {
  const [, read] = parameters[param] ?? [];
  return (read?.(from) ?? []).some((one) => (one as Json)['reference'] === `${to.resourceType}/${to.id}`);
}

/** The ids of the resources of the type that fulfil all of the parameters, sorted. */
export function expected(
  all: readonly Held[],
  type: string,
  query: readonly (readonly [name: string, value: string])[],
): readonly string[] {
  return all
    .filter((held) => held.resourceType === type && query.every(([name, value]) => fulfils(all, held, name, value)))
    .map(({ id }) => id)
    .sort();
}
