/**
 * One record, page by page: the resource that it is of, the members of its compartment type by type, then each resource that
 * they point at once. https://hl7.org/fhir/R4/patient-operation-everything.html
 */
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { parseDateRange } from '../search/dates.ts';
import { isWanted, members, memberTypes, type Narrowing, type Root } from './everything-members.ts';
import { personsOf, pointedAt, supports } from './everything-support.ts';

export interface RecordPage {
  readonly matches: readonly Version[];
  readonly supports: readonly Version[];
  /** Where the next page begins. */
  readonly next?: string;
}

/** `[type, place within it]`; the type is empty where what members point at is listed. */
type Position = readonly [type: string, after: string | undefined];

interface Reading {
  readonly context: Context;
  readonly root: Root;
  readonly narrowing: Narrowing;
  readonly types: readonly string[];
}

/** Members that are read at once when only what they point at is wanted. */
const scan = 500;

const nameOf = ({ type, id }: { readonly type: string; readonly id: string }): string => `${type}/${id}`;

/** The page of `count` resources that begins after a position which an earlier one gave. `root` is one that may be shown. */
export async function recordPage(
  context: Context,
  root: Version,
  {
    narrowing,
    after,
    count,
  }: { readonly narrowing: Narrowing; readonly after: string | undefined; readonly count: number },
): Promise<RecordPage> {
  const at: Root = { type: root.type as Root['type'], id: root.id };
  const reading: Reading = { context, root: at, narrowing, types: await memberTypes(context, at) };
  const position = after === undefined ? undefined : positionOf(after);
  const matches: Version[] = position === undefined && rootIsWanted(root, narrowing) ? [root] : [];
  if (position?.[0] !== '') {
    const next = await fill(reading, matches, { position, count });
    if (next) return { matches, supports: [], next: JSON.stringify(next) };
  }
  const room = count - matches.length;
  if (room === 0) return { matches, supports: [], next: JSON.stringify(['', '']) };
  // Nothing was left out of this page, so it need not be read again.
  const isWhole = position === undefined && narrowing.since === undefined && narrowing.types.size === 0;
  const names = isWhole ? namesAround(reading, matches) : await supportNames(reading, root, afterName(position));
  const { since } = narrowing;
  const from = since === undefined ? undefined : parseDateRange(since)?.low;
  const persons = await personsOf(context, root);
  const around = await supports(context, names, { root: at, persons, since: from, count: room });
  return {
    matches,
    supports: around.versions,
    ...(around.last === undefined ? {} : { next: JSON.stringify(['', around.last]) }),
  };
}

/** JSON has no undefined. */
function positionOf(text: string): Position {
  const [type, after] = JSON.parse(text) as readonly [string, string | null | undefined];
  return [type, after ?? undefined];
}

/** The name after which the list of what members point at goes on. */
function afterName(position: Position | undefined): string {
  return position?.[0] === '' ? (position[1] ?? '') : '';
}

function rootIsWanted({ type, updated }: Version, { types, since }: Narrowing): boolean {
  if (types.size > 0 && !types.has(type)) return false;
  return since === undefined || Date.parse(updated) >= (parseDateRange(since)?.low ?? 0);
}

/** Adds members from a position on; gives the position where the page is full and more may follow. */
async function fill(
  { context, root, narrowing, types }: Reading,
  into: Version[],
  { position, count }: { readonly position: Position | undefined; readonly count: number },
): Promise<Position | undefined> {
  const wanted = types.filter((type) => isWanted(narrowing, type) && type >= (position?.[0] ?? ''));
  for (const type of wanted) {
    let after = type === position?.[0] ? position[1] : undefined;
    do {
      if (into.length === count) return [type, after];
      const page = await members(context, root, { type, narrowing, after, count: count - into.length });
      into.push(...page.versions);
      after = page.next;
    } while (after !== undefined);
  }
  return undefined;
}

/** Names of what the versions point at and what is not among them, sorted. */
function namesAround({ context }: Reading, versions: readonly Version[]): string[] {
  const listed = new Set(versions.map(nameOf));
  const names = new Set(versions.flatMap((version) => pointedAt(version, context.base)));
  return [...names].filter((name) => !listed.has(name)).sort();
}

/** The same for all members, read again, from a name on and of the types that are wanted. */
async function supportNames(
  { context, root, narrowing, types }: Reading,
  own: Version,
  after: string,
): Promise<string[]> {
  const names = new Set(pointedAt(own, context.base));
  const listed = new Set([nameOf(own)]);
  // What was not changed is pointed at as well, whatever types are wanted.
  const { since: _, ...whole } = narrowing;
  for (const type of types.filter((one) => isWanted(narrowing, one) || isWanted({ types: new Set() }, one))) {
    let position: string | undefined;
    do {
      const page = await members(context, root, { type, narrowing: whole, after: position, count: scan });
      for (const version of page.versions) {
        listed.add(nameOf(version));
        for (const name of pointedAt(version, context.base)) names.add(name);
      }
      position = page.next;
    } while (position !== undefined);
  }
  const wanted = (name: string) => narrowing.types.size === 0 || narrowing.types.has(name.slice(0, name.indexOf('/')));
  return [...names].filter((name) => name > after && !listed.has(name) && wanted(name)).sort();
}
