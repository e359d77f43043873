/**
 * Finds what an export holds: all types in one search, whose pages are of one moment, each version judged as a read is.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#endpoint---group-of-patients
 */
import type { Resource } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { compartmentParameters } from '../definitions/compartments.ts';
import { visible } from '../interactions/visible.ts';
import { criterion, restriction, searcherOf } from '../search/criteria.ts';
import { extract } from '../search/extract.ts';

export interface Wanted {
  readonly types: readonly string[];
  readonly since: string | undefined;
  /** The whole server, the records of all patients, or those of these (ids). */
  readonly of: 'system' | 'patients' | readonly string[];
  /** Nothing that was written later. */
  readonly until: Date;
}

/** Bodies that are in memory at once. */
const pageSize = 100;

const paramsOf = (type: string) =>
  compartmentParameters('Patient', type)
    .filter((code) => code !== '{def}')
    .map((code) => `${type}.${code}`);

function membership({ of }: Wanted, type: string): readonly Clause[] {
  const params = paramsOf(type);
  if (of === 'system') return [];
  if (of === 'patients') {
    if (type === 'Patient') return [];
    const pointing = params.map((param): Clause[] => [{ kind: 'missing', param, missing: false, of: 'reference' }]);
    return [{ kind: 'either', ways: pointing }];
  }
  // A Patient that merely links to a member has a record of its own.
  if (type === 'Patient') return [{ kind: 'id', any: of }];
  return [{ kind: 'member', params, any: of.map((id) => ({ type: 'Patient', id })) }];
}

/** Only spares work: each version is judged for itself. Who may search less than read is not narrowed by it. */
function narrowing(context: Context, type: string): readonly Clause[] {
  const { access } = context;
  const isSame = JSON.stringify(access.restrict('r', type)) === JSON.stringify(access.restrict('s', type));
  return isSame && !access.veil ? restriction(searcherOf(context), type) : [];
}

function belongs({ base }: Context, { of }: Wanted, version: Version): boolean {
  if (of === 'system') return true;
  if (version.type === 'Patient') return of === 'patients' || of.includes(version.id);
  const params = new Set(paramsOf(version.type));
  const rows = extract(JSON.parse(version.body) as Resource, { base });
  return rows.some(
    (row) =>
      row.kind === 'reference' &&
      params.has(row.param) &&
      row.target?.type === 'Patient' &&
      (of === 'patients' || of.includes(row.target.id)),
  );
}

/** The version that was current at the moment, when a later one was found. */
async function asThen({ store }: Context, { until, since }: Wanted, version: Version): Promise<Version | undefined> {
  const moment = until.getTime();
  if (Date.parse(version.updated) <= moment) return version;
  const { type, id } = version;
  const at = { low: moment, high: moment };
  const { versions } = await store.resources.history({ type, id, count: 1, at, total: 'none' });
  const [before] = versions;
  if (!before || before.deleted || Date.parse(before.updated) > moment) return undefined;
  return since !== undefined && Date.parse(before.updated) <= Date.parse(since) ? undefined : before;
}

async function judged(context: Context, wanted: Wanted, found: readonly Version[]): Promise<readonly Version[]> {
  const then = await Promise.all(found.map((version) => asThen(context, wanted, version)));
  const past = then.filter((version) => version !== undefined);
  const shown = await visible(context, 'r', past);
  return shown.filter((version) => belongs(context, wanted, version));
}

/** Page by page what the caller may read of what is wanted, and how many were looked at. */
export async function* collect(
  context: Context,
  wanted: Wanted,
): AsyncGenerator<{ readonly versions: readonly Version[]; readonly seen: number }> {
  const { types, since, of } = wanted;
  if (typeof of === 'object' && of.length === 0) return;
  const searcher = searcherOf(context);
  const parts = types.map((type) => ({
    type,
    where: [
      ...membership(wanted, type),
      ...(since === undefined ? [] : [criterion(searcher, type, '_lastUpdated', `gt${since}`)]),
      ...narrowing(context, type),
    ],
    sort: [],
  }));
  const [first, ...also] = parts;
  if (!first) return;
  let after: string | undefined;
  do {
    const position = after === undefined ? {} : { after };
    const page = await context.store.search({ ...first, also, count: pageSize, total: 'none', ...position });
    yield { versions: await judged(context, wanted, page.versions), seen: page.versions.length };
    after = page.next;
  } while (after !== undefined);
}
