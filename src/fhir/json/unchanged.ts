/** Whether a body that is about to be stored says what the current version says already: such an update makes no version. */
import type { Version } from '../../store/resources/version.ts';
import type { Body } from '../reply.ts';
import { parseExact } from './exact.ts';

/** A body as `stamp` has cut it, and the time that it was stamped with. */
export interface Stamped {
  readonly parts: readonly [before: string, after: string];
  readonly updated: string;
}

/**
 * Compares everything but id, meta.versionId and meta.lastUpdated, first the texts, which are equal when a client sends
 * back what it has read; else the values, whose order and white space mean nothing, but whose digits do (1.10 is not 1.1).
 */
export function isUnchanged(current: Version, known: unknown, { parts, updated }: Stamped, body: Body): boolean {
  if (isSameText(current, parts, updated)) return true;
  return isSameContent(body.resource, known) && isSameContent(parseExact(body.text), parseExact(current.body));
}

/** Without putting the parts together: most updates change something. */
function isSameText({ body, version, updated }: Version, [before, after]: Stamped['parts'], now: string): boolean {
  const middle = `${version}","lastUpdated":"${updated}"`;
  const rest = after.slice(`","lastUpdated":"${now}"`.length);
  return (
    body.length === before.length + middle.length + rest.length &&
    body.startsWith(before) &&
    body.startsWith(middle, before.length) &&
    body.endsWith(rest)
  );
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the server sets in a resource, and in its meta. */
const ofServer = new Set(['id', 'meta']);
const ofMeta = new Set(['versionId', 'lastUpdated']);

function isSameContent(a: unknown, b: unknown): boolean {
  if (!isObject(a) || !isObject(b)) return false;
  return isSameBut(a, b, ofServer) && isSameBut(metaOf(a), metaOf(b), ofMeta);
}

function metaOf({ meta }: Json): Json {
  return isObject(meta) ? meta : {};
}

/** Whether two objects have the same members, some aside. */
function isSameBut(a: Json, b: Json, aside: ReadonlySet<string>): boolean {
  let count = 0;
  for (const name in a) {
    if (aside.has(name)) continue;
    if (!Object.hasOwn(b, name) || !isEqual(a[name], b[name])) return false;
    count += 1;
  }
  for (const name in b) if (!aside.has(name)) count -= 1;
  return count === 0;
}

const nothingAside: ReadonlySet<string> = new Set();

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((one, at) => isEqual(one, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  return isSameBut(a, b, nothingAside);
}
