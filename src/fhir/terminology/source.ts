/**
 * Where definitions of terminology come from: a list of headers, and a way to read one of them whole.
 * https://hl7.org/fhir/R4/references.html#canonical
 */
import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';
import { present } from './present.ts';

export type Definition = CodeSystem | ValueSet | ConceptMap;

export interface Header {
  readonly type: Definition['resourceType'];
  readonly url: string;
  readonly version?: string;
  readonly status?: string;
  readonly content?: string;
  /** The canonical that a supplement adds to. */
  readonly supplements?: string;
  /** The value set of all codes of a code system. */
  readonly valueSet?: string;
  /** Of a concept map: canonicals of value sets, and the systems of its groups. */
  readonly source?: string;
  readonly target?: string;
  readonly groups?: readonly { readonly source?: string; readonly target?: string }[];
}

/** A header and how to get what it is about. */
export interface Listed extends Header {
  /** Names this content in caches: changes with it. */
  readonly key: string;
  readonly read: () => Promise<Definition>;
  /** `Type/id` of a stored one. */
  readonly stored?: string;
  /** When that was written, an instant in UTC. */
  readonly updated?: string;
}

export interface Source {
  /** All of the type with this URL, the one meant without a version first. */
  named(type: Header['type'], url: string): readonly Listed[];
  /** Code systems that supplement this one. */
  supplementing(url: string): readonly Listed[];
  /** Supplements by their own URL. */
  supplements(url: string): readonly Listed[];
  /** The code system whose value set of all codes has this URL. */
  ofAllCodes(valueSet: string): Listed | undefined;
  conceptMaps(): readonly Listed[];
}

/** A canonical in its parts; a fragment is not part of what it names. */
export function canonicalOf(text: string): { readonly url: string; readonly version?: string } {
  const [plain = ''] = text.split('#');
  const bar = plain.lastIndexOf('|');
  if (bar < 0) return { url: plain };
  const version = plain.slice(bar + 1);
  return { url: plain.slice(0, bar), ...(version === '' ? {} : { version }) };
}

export function canonicalText({ url, version }: { readonly url: string; readonly version?: string | undefined }) {
  return version === undefined ? url : `${url}|${version}`;
}

/** Orders versions as people mean them: numbers by value, the rest by letters; none comes first. */
export function compareVersions(a = '', b = ''): number {
  const [one, other] = [a.split(/[.-]/), b.split(/[.-]/)];
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const [left = '', right = ''] = [one[at], other[at]];
    const numbers = /^\d+$/.test(left) && /^\d+$/.test(right);
    const order = numbers ? Number(left) - Number(right) : left < right ? -1 : left > right ? 1 : 0;
    if (order !== 0) return order;
  }
  return 0;
}

const ranks: Readonly<Record<string, number>> = { active: 3, draft: 2, unknown: 1 };
const rank = ({ status = '', content }: Header) => (content === 'not-present' ? -10 : 0) + (ranks[status] ?? 0);

/** What has content before what has none, active before draft, newer before older. */
function preferred(a: Listed, b: Listed): number {
  return rank(b) - rank(a) || compareVersions(b.version, a.version);
}

/** The header of a resource; undefined for what has no URL or is none of the three types. */
export function headerOf(resource: Definition): Header | undefined {
  const { url, version, status } = resource;
  if (url === undefined) return undefined;
  const common = { url, ...present({ version, status }) };
  switch (resource.resourceType) {
    case 'CodeSystem': {
      const { content, supplements, valueSet } = resource;
      return { type: 'CodeSystem', ...common, ...present({ content, supplements, valueSet }) };
    }
    case 'ValueSet':
      return { type: 'ValueSet', ...common };
    case 'ConceptMap': {
      const source = resource.sourceCanonical ?? resource.sourceUri;
      const target = resource.targetCanonical ?? resource.targetUri;
      const groups = (resource.group ?? []).map((group) => present({ source: group.source, target: group.target }));
      return { type: 'ConceptMap', ...common, ...present({ source, target }), groups };
    }
    default:
      return undefined;
  }
}

/** A source of these definitions. */
export function sourceOf(listed: readonly Listed[]): Source {
  const byName = new Map<string, Listed[]>();
  const add = (key: string, one: Listed) => byName.set(key, [...(byName.get(key) ?? []), one]);
  for (const one of listed) {
    if (one.content === 'supplement') {
      add(`supplement ${canonicalOf(one.supplements ?? '').url}`, one);
      add(`is supplement ${one.url}`, one);
      continue;
    }
    add(`${one.type} ${one.url}`, one);
    if (one.valueSet) add(`all ${canonicalOf(one.valueSet).url}`, one);
  }
  for (const same of byName.values()) same.sort(preferred);
  const maps = listed.filter(({ type }) => type === 'ConceptMap');
  return {
    named: (type, url) => byName.get(`${type} ${url}`) ?? [],
    supplementing: (url) => byName.get(`supplement ${url}`) ?? [],
    supplements: (url) => byName.get(`is supplement ${url}`) ?? [],
    ofAllCodes: (url) => byName.get(`all ${url}`)?.[0],
    conceptMaps: () => maps,
  };
}

/** Several sources as one: what the first of them has hides what the others have under the same URL. */
export function layered(sources: readonly Source[]): Source {
  return {
    named: (type, url) => sources.flatMap((source) => source.named(type, url)),
    supplementing: (url) => sources.flatMap((source) => source.supplementing(url)),
    supplements: (url) => sources.flatMap((source) => source.supplements(url)),
    ofAllCodes: (url) => sources.flatMap((source) => source.ofAllCodes(url) ?? [])[0],
    conceptMaps: () => sources.flatMap((source) => source.conceptMaps()),
  };
}

/** What came with a question. */
export function sourceOfResources(resources: readonly Definition[], name: string): Source {
  return sourceOf(
    resources.flatMap((resource, at) => {
      const header = headerOf(resource);
      return header ? [{ ...header, key: `${name} ${at}`, read: () => Promise.resolve(resource) }] : [];
    }),
  );
}
