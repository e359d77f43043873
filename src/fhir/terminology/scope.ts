/** What one question can see: the definitions that came with it, those stored, those imported, and R4's own. */
import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Access } from '../access.ts';
import { isUnrestricted } from '../interactions/guard.ts';
import { parseDateRange } from '../search/dates.ts';
import { implicitValueSet } from './implicit.ts';
import { memorySystem } from './memory-system.ts';
import type { Recent } from './recent.ts';
import { ruleSystem } from './rule-system.ts';
import { canonicalOf, canonicalText, type Listed, layered, type Source, sourceOfResources } from './source.ts';
import type { System } from './system.ts';
import type { Asked } from './terminology.ts';

/** The imported code systems, by their tables. */
export interface Tables {
  /** Without a version: the newest. */
  find(url: string, version?: string): Promise<System | undefined>;
  versions(url: string): Promise<readonly string[]>;
}

/** What all questions share. */
export interface Base {
  readonly source: Source;
  readonly tables: Tables;
  /** Code systems by their keys. */
  readonly systems: Recent<Promise<System>>;
}

export interface NamedValueSet {
  readonly valueSet: ValueSet;
  /** Names this content in caches. */
  readonly key: string;
}

export interface Scope {
  valueSet(canonical: string): Promise<NamedValueSet | undefined>;
  /** undefined: unknown, or nothing of it but its name. */
  system(url: string, version?: string): Promise<System | undefined>;
  /** The versions of a code system that are known, for messages. */
  versions(url: string): Promise<readonly string[]>;
  /** Whether a code system supplement is known, by its own canonical. */
  hasSupplement(canonical: string): Promise<boolean>;
  conceptMaps(): Promise<readonly Listed[]>;
  conceptMap(canonical: string): Promise<ConceptMap | undefined>;
}

/** Whether the caller sees every definition, so that what is made for all can be used. */
function seesAll(access: Access | undefined): boolean {
  return !access || ['ValueSet', 'CodeSystem', 'ConceptMap'].every((type) => isUnrestricted(access, 'r', type));
}

async function readable(listed: Listed, access: Access | undefined): Promise<boolean> {
  if (!access || listed.stored === undefined || isUnrestricted(access, 'r', listed.type)) return true;
  return access.may('r', listed.type) && access.mayTouch('r', await listed.read());
}

/** The first with the version (or the first of all) that the caller may read. */
async function choose(
  candidates: readonly Listed[],
  version: string | undefined,
  { access, date }: Pick<Asked, 'access' | 'date'>,
): Promise<Listed | undefined> {
  for (const one of candidates) {
    if (version !== undefined && one.version !== version) continue;
    if (!(await readable(one, access))) continue;
    if (date !== undefined) demandOlder(one, date);
    return one;
  }
  return undefined;
}

/** https://hl7.org/fhir/R4/valueset-operation-expand.html: `date` is answered as of then, or refused. */
function demandOlder({ updated, stored }: Listed, date: string): void {
  const until = parseDateRange(date)?.high;
  if (updated === undefined || until === undefined || Date.parse(updated) < until) return;
  const message = `${stored} was written after ${date}; what it was then cannot be answered.`;
  throw new FhirError('unprocessable', message, {
    issues: [{ severity: 'error', code: 'not-supported', diagnostics: message, expression: ['date'] }],
  });
}

/** https://hl7.org/fhir/R4/valueset-operation-expand.html: system-version, check-system-version, force-system-version. */
function pinned({ systemVersion, checkSystemVersion, forceSystemVersion }: Asked) {
  const read = (list: readonly string[] = []) =>
    new Map(list.map(canonicalOf).flatMap(({ url, version }) => (version === undefined ? [] : [[url, version]])));
  const [usual, check, force] = [read(systemVersion), read(checkSystemVersion), read(forceSystemVersion)];
  return (url: string, written: string | undefined): string | undefined => {
    const version = force.get(url) ?? written ?? usual.get(url) ?? check.get(url);
    const wanted = check.get(url);
    if (wanted !== undefined && version !== wanted) {
      const message = `The version ${version} of ${url} is used, but check-system-version allows ${wanted} only.`;
      throw new FhirError('unprocessable', message, {
        issues: [{ severity: 'error', code: 'exception', diagnostics: message }],
      });
    }
    return version;
  };
}

function hasPins({ systemVersion, checkSystemVersion, forceSystemVersion }: Asked): boolean {
  return [systemVersion, checkSystemVersion, forceSystemVersion].some((list) => (list?.length ?? 0) > 0);
}

/** Whether answers for this question hold for every other one. */
export function isPlain(asked: Asked): boolean {
  return seesAll(asked.access) && asked.date === undefined && (asked.resources?.length ?? 0) === 0 && !hasPins(asked);
}

/** The scope of a question. */
export function scopeOf(base: Base, asked: Asked): Scope {
  const own = asked.resources?.length ? [sourceOfResources(asked.resources, 'asked')] : [];
  const source = layered([...own, base.source]);
  const { access } = asked;
  const versionOf = pinned(asked);
  const made = new Map<string, Promise<System>>();

  async function supplementsOf({ url, version }: Listed): Promise<Listed[]> {
    const fitting = source.supplementing(url).filter((one) => {
      const wanted = canonicalOf(one.supplements ?? '').version;
      return wanted === undefined || wanted === version;
    });
    const allowed = await Promise.all(fitting.map((one) => readable(one, access)));
    return fitting.filter((_, at) => allowed[at]);
  }

  async function build(listed: Listed): Promise<System> {
    const parts = [listed, ...(await supplementsOf(listed))];
    const key = parts.map((one) => one.key).join(' ');
    // A system of this question alone is not kept for others.
    const kept = parts.some((one) => one.key.startsWith('asked ')) ? made : base.systems;
    const before = kept.get(key);
    if (before) return before;
    const system = Promise.all(parts.map((one) => one.read())).then(([first, ...rest]) =>
      memorySystem(first as CodeSystem, rest as CodeSystem[]),
    );
    kept.set(key, system);
    system.catch(() => kept.delete(key));
    return system;
  }

  return {
    async valueSet(canonical) {
      const { url, version } = canonicalOf(canonical);
      const listed = await choose(source.named('ValueSet', url), version, asked);
      if (listed) return { valueSet: (await listed.read()) as ValueSet, key: listed.key };
      const all = source.ofAllCodes(url);
      if (all && (version === undefined || version === all.version) && (await readable(all, access))) {
        const include = [{ system: all.url, ...(all.version ? { version: all.version } : {}) }];
        const valueSet: ValueSet = { resourceType: 'ValueSet', url, status: 'active', compose: { include } };
        return { valueSet, key: `all ${all.key}` };
      }
      const valueSet = implicitValueSet(url);
      return valueSet && { valueSet, key: `implicit ${url}` };
    },
    async system(url, written) {
      const version = versionOf(url, written);
      const known = source.named('CodeSystem', url).filter(({ content }) => content !== 'not-present');
      const listed = await choose(known, version, asked);
      if (listed) return build(listed);
      const imported = await base.tables.find(url, version);
      if (imported) return imported;
      const rule = ruleSystem(url);
      return rule && (version === undefined || rule.about.version === undefined) ? rule : undefined;
    },
    async versions(url) {
      const listed = source.named('CodeSystem', url).filter(({ content }) => content !== 'not-present');
      const named = [...listed.flatMap(({ version }) => version ?? []), ...(await base.tables.versions(url))];
      return [...new Set(named)];
    },
    async hasSupplement(canonical) {
      const { url, version } = canonicalOf(canonical);
      return (await choose(source.supplements(url), version, asked)) !== undefined;
    },
    async conceptMaps() {
      const all: Listed[] = [];
      for (const one of source.conceptMaps()) if (await readable(one, access)) all.push(one);
      return all;
    },
    async conceptMap(canonical) {
      const { url, version } = canonicalOf(canonical);
      const listed = await choose(source.named('ConceptMap', url), version, asked);
      return listed && ((await listed.read()) as ConceptMap);
    },
  };
}

/** How a system is named in messages. */
export function systemText({ about: { url, version } }: System): string {
  return canonicalText({ url, version });
}
