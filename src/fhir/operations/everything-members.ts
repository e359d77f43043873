/**
 * The members of one patient's or encounter's compartment, as one search for each type that has any.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import type { Version } from '../../store/resources/version.ts';
import { pointingParams } from '../../store/search/pointing.ts';
import type { Clause, SortKey } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { compartmentMembers, compartmentParameters } from '../definitions/compartments.ts';
import { visible } from '../interactions/visible.ts';
import { criterion, restriction, type Searcher, searcherOf } from '../search/criteria.ts';
import { r4Parameters } from '../search/parameters.ts';

export interface Root {
  readonly type: 'Patient' | 'Encounter';
  readonly id: string;
}

export interface Narrowing {
  /** Dates of care, as FHIR dates. */
  readonly start?: string | undefined;
  readonly end?: string | undefined;
  /** An instant of the record. */
  readonly since?: string | undefined;
  /** Empty: all types. */
  readonly types: ReadonlySet<string>;
}

/** Date parameters that say when something else than the care took place. */
const notCare = new Set([
  'birthdate',
  'death-date',
  'value-date',
  'reaction-date',
  'payment-date',
  'last-date',
  'activity-date',
  'location-period',
  'target-date',
]);

/** By id: a resource that is changed between two pages stays where it is. */
const byId: readonly SortKey[] = [{ param: '_id', kind: 'id', descending: false }];

/** A record holds who looked at it only when that is asked for: each look adds to it. */
const onlyWhenAsked = new Set(['AuditEvent']);

/** The types of the compartment in their fixed order that hold something the caller may look for. */
export async function memberTypes(context: Context, root: Root): Promise<readonly string[]> {
  const { access, store } = context;
  const types = compartmentMembers(root.type).filter((type) => access.may('s', type) && access.may('r', type));
  const params = types.flatMap((type) => codesOf(root, type).map((code) => `${type}.${code}`));
  const pointing = await pointingParams(store.db, root, params);
  return types.filter((type) => codesOf(root, type).some((code) => pointing.has(`${type}.${code}`)));
}

function codesOf(root: Root, type: string): readonly string[] {
  return compartmentParameters(root.type, type).filter((code) => code !== '{def}');
}

/** Whether members of the type are listed. */
export function isWanted({ types }: Narrowing, type: string): boolean {
  return types.size === 0 ? !onlyWhenAsked.has(type) : types.has(type);
}

export interface MemberPage {
  readonly versions: readonly Version[];
  readonly next?: string;
}

/** One page of the members of a type, by id, each one that the caller may see. */
export async function members(
  context: Context,
  root: Root,
  { type, narrowing, after, count }: { type: string; narrowing: Narrowing; after: string | undefined; count: number },
): Promise<MemberPage> {
  const searcher = searcherOf(context);
  const any = [{ type: root.type, id: root.id }];
  const ways = codesOf(root, type).map((code): Clause[] => [{ kind: 'reference', param: `${type}.${code}`, any }]);
  const where = [
    ...either(ways),
    ...careDates(searcher, type, narrowing),
    ...(narrowing.since === undefined ? [] : [criterion(searcher, type, '_lastUpdated', `ge${narrowing.since}`)]),
    ...restriction(searcher, type),
  ];
  const position = after === undefined ? {} : { after };
  const page = await context.store.search({ type, where, sort: byId, count, total: 'none', ...position });
  return {
    versions: await visible(context, 'r', page.versions),
    ...(page.next === undefined ? {} : { next: page.next }),
  };
}

function either(ways: readonly Clause[][]): readonly Clause[] {
  const [only, ...others] = ways;
  return only && others.length === 0 ? only : [{ kind: 'either', ways }];
}

/** What took place in the period, or says of no time at which it did. */
function careDates(searcher: Searcher, type: string, { start, end }: Narrowing): readonly Clause[] {
  const codes = (searcher.parameters ?? r4Parameters)
    .parameters(type)
    .filter(({ type: kind, code }) => kind === 'date' && !code.startsWith('_') && !notCare.has(code));
  if ((start === undefined && end === undefined) || codes.length === 0) return [];
  const within = codes.map(({ code }) => [
    ...(start === undefined ? [] : [criterion(searcher, type, code, `ge${start}`)]),
    ...(end === undefined ? [] : [criterion(searcher, type, code, `le${end}`)]),
  ]);
  const without = codes.map(({ code }) => criterion(searcher, type, `${code}:missing`, 'true'));
  return [{ kind: 'either', ways: [...within, without] }];
}
