/** What resources point at by the references that `_include` names: resources, versions of them, canonical URLs. */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { resourceTypes } from '../definitions/types.ts';
import { extract } from './extract.ts';
import type { Include } from './include-value.ts';
import { parameterOf } from './parameters.ts';

interface Target {
  readonly type: string;
  readonly id: string;
}

export interface Pointers {
  readonly current: readonly Target[];
  readonly versioned: readonly (Target & { readonly version: number })[];
  /** By type the canonical URLs, with `|version` where they have one. */
  readonly canonical: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Each target once. */
export function pointers(context: Context, around: readonly Version[], includes: readonly Include[]): Pointers {
  const current = new Map<string, Target>();
  const versioned = new Map<string, Target & { readonly version: number }>();
  const canonical = new Map<string, Set<string>>();
  for (const from of around) {
    const asked = includes.filter(({ source }) => source === '*' || source === from.type);
    if (asked.length === 0) continue;
    const { base, parameters } = context;
    for (const row of extract(JSON.parse(from.body), { base, parameters })) {
      if (row.kind !== 'reference') continue;
      const wanted = asked.filter(({ code }) => code === '*' || row.param === `${from.type}.${code}`);
      if (row.target) addTarget({ current, versioned }, row.target, wanted);
      else if (row.url !== undefined && !row.url.startsWith('#') && wanted.length > 0)
        addCanonical(canonical, context, row.param, row.url, wanted);
    }
  }
  return { current: [...current.values()], versioned: [...versioned.values()], canonical: withVersions(canonical) };
}

function addTarget(
  found: { readonly current: Map<string, Target>; readonly versioned: Map<string, Target & { version: number }> },
  { type, id, version }: Target & { readonly version?: string },
  wanted: readonly Include[],
): void {
  if (!wanted.some(({ target }) => target === undefined || target === type)) return;
  if (version === undefined || !/^[1-9]\d{0,8}$/.test(version)) found.current.set(`${type}/${id}`, { type, id });
  else found.versioned.set(`${type}/${id}/${version}`, { type, id, version: Number(version) });
}

function addCanonical(
  canonical: Map<string, Set<string>>,
  context: Context,
  param: string,
  url: string,
  wanted: readonly Include[],
): void {
  const [source = '', code = ''] = param.split('.');
  for (const type of parameterOf(context, source, code)?.targets ?? resourceTypes()) {
    if (!wanted.some(({ target }) => target === undefined || target === type)) continue;
    if (parameterOf(context, type, 'url')?.type !== 'uri') continue;
    canonical.set(type, (canonical.get(type) ?? new Set()).add(url));
  }
}

/** A canonical with a version is indexed without it, too; only the version is meant. */
function withVersions(canonical: ReadonlyMap<string, ReadonlySet<string>>): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    [...canonical].map(([type, urls]) => {
      const precise = new Set([...urls].filter((url) => url.includes('|')).map((url) => url.replace(/\|.*$/, '')));
      return [type, new Set([...urls].filter((url) => !precise.has(url)))];
    }),
  );
}
