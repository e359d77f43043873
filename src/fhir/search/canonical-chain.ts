/**
 * Chains through canonical references, which name a definition by its URL and not by where it is kept: the definitions at the
 * other end are found first, and then what names them.
 * https://hl7.org/fhir/R4/references.html#canonical, https://hl7.org/fhir/R4/search.html#chaining
 */
import { FhirError } from '../../shared/errors.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { extract } from './extract.ts';
import { holdsCanonicals } from './extract-parameter.ts';
import type { LookUp } from './look-up.ts';
import { parameterOf, type SearchParameter, type WithParameters } from './parameters.ts';

/** More definitions than this at the other end are not gone through. */
const most = 1000;

interface Chaining extends WithParameters {
  /** Absent where nothing can be waited for: then canonical references lead nowhere. */
  readonly lookUp?: LookUp | undefined;
}

interface Target {
  readonly type: string;
  /** With what narrows the search to what the caller may see. */
  readonly where: readonly Clause[];
}

const hasUrl = (searcher: WithParameters, type: string): boolean => parameterOf(searcher, type, 'url')?.type === 'uri';

/** That a resource of the type names by the parameter one of the definitions; undefined when it never does. */
export function namingClause(
  searcher: Chaining,
  { type, parameter }: { readonly type: string; readonly parameter: SearchParameter },
  targets: readonly Target[],
): Clause | undefined {
  const { lookUp } = searcher;
  const definitions = targets.filter((target) => hasUrl(searcher, target.type));
  if (!lookUp || definitions.length === 0 || !holdsCanonicals(type, parameter)) return undefined;
  const any = lookUp<readonly string[]>(
    `named ${JSON.stringify(definitions)}`,
    async (context) => {
      const found: string[] = [];
      for (const target of definitions) found.push(...(await canonicalsOf(context, target)));
      return found;
    },
    [],
  );
  // Whole as they are written: a reference to one version names no other.
  return any.length > 0 ? { kind: 'uri', param: `${type}.${parameter.code}`, any, match: 'exact' } : undefined;
}

async function canonicalsOf({ store }: Context, { type, where }: Target): Promise<readonly string[]> {
  const found = await bodiesOf(store, type, where);
  const canonicals = found.flatMap((body) => {
    const { url, version } = body as { readonly url?: unknown; readonly version?: unknown };
    if (typeof url !== 'string') return [];
    return typeof version === 'string' ? [url, `${url}|${version}`] : [url];
  });
  return [...new Set(canonicals)];
}

/** That a definition of the type is named by the parameter of one of `source`; undefined when that never names any. */
export function namedClause(
  searcher: Chaining,
  type: string,
  parameter: SearchParameter,
  source: Target,
): Clause | undefined {
  const { lookUp, parameters } = searcher;
  if (!lookUp || !hasUrl(searcher, type) || !holdsCanonicals(source.type, parameter)) return undefined;
  const param = `${source.type}.${parameter.code}`;
  const canonicals = lookUp<readonly string[]>(
    `names ${param} ${JSON.stringify(source.where)}`,
    async ({ store, base }) => {
      const bodies = await bodiesOf(store, source.type, source.where);
      const rows = bodies.flatMap((body) => extract(body, { base, parameters }));
      return [...new Set(rows.flatMap((row) => (row.kind === 'uri' && row.param === param ? [row.value] : [])))];
    },
    [],
  );
  const ways = canonicals.map((canonical) => definitionWay(searcher, type, canonical));
  return ways.length > 0 ? { kind: 'either', ways } : undefined;
}

/** `url` or `url|version` of a definition. */
function definitionWay(searcher: WithParameters, type: string, canonical: string): readonly Clause[] {
  const bar = canonical.indexOf('|');
  const url = bar < 0 ? canonical : canonical.slice(0, bar);
  const found: Clause = { kind: 'uri', param: `${type}.url`, any: [url], match: 'exact' };
  if (bar < 0 || !parameterOf(searcher, type, 'version')) return [found];
  return [found, { kind: 'token', param: `${type}.version`, any: [{ code: canonical.slice(bar + 1).toLowerCase() }] }];
}

async function bodiesOf(store: Context['store'], type: string, where: readonly Clause[]): Promise<readonly unknown[]> {
  const { versions } = await store.search({ type, where, sort: [], count: most + 1, total: 'none' });
  if (versions.length <= most) return versions.map(({ body }) => JSON.parse(body) as unknown);
  const diagnostics = `The chain leads to more than ${most} resources of type ${type}, which name others by canonical URLs.`;
  throw new FhirError('unprocessable', diagnostics, {
    issues: [{ severity: 'error', code: 'too-costly', diagnostics }],
  });
}
