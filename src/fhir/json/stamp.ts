/**
 * Sets id, meta.versionId and meta.lastUpdated in a resource's JSON text; every other byte stays as the client sent it.
 * https://hl7.org/fhir/R4/http.html#create
 */
import { type Member, members } from './members.ts';

/**
 * The text of the resource with `id` and `updated` in it, cut where the digits of meta.versionId belong (they are known only
 * when the store has written). The client's other meta elements (tag, security, profile, source) are kept.
 */
export function stamp(
  text: string,
  { id, updated }: { readonly id: string; readonly updated: string },
): readonly [before: string, after: string] {
  const open = text.indexOf('{');
  const all = members(text, open);
  const named = (name: string): Member | undefined => all.find((member) => member.name === name);
  const idMember = named('id');
  const meta = named('meta');
  // New members go right behind resourceType, where every writer of FHIR puts them.
  const at = named('resourceType')?.end ?? all.at(-1)?.end ?? open + 1;
  const newId = idMember ? '' : `,"id":${JSON.stringify(id)}`;
  const head = '{"versionId":"';
  const tail = `","lastUpdated":"${updated}"${meta ? otherMeta(text, meta) : ''}}`;
  const edits = [
    { start: at, end: at, before: newId, after: '' },
    ...(idMember ? [{ ...idMember, before: JSON.stringify(id), after: '' }] : []),
  ];
  const metaEdit = meta
    ? { start: meta.start, end: meta.end, before: head, after: tail }
    : { start: at, end: at, before: `,"meta":${head}`, after: tail };
  return splice(text, [...edits, metaEdit]);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly before: string;
  /** Beyond the cut: only the edit of meta has some. */
  readonly after: string;
}

function splice(text: string, edits: readonly Edit[]): readonly [string, string] {
  const sides = ['', ''];
  let side = 0;
  let from = 0;
  // Two insertions at one place stay in the order in which they were given: sort is stable.
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    sides[side] += text.slice(from, edit.start) + edit.before;
    if (edit.after !== '') side = 1;
    if (edit.after !== '') sides[side] += edit.after;
    from = edit.end;
  }
  sides[side] += text.slice(from);
  return [sides[0] ?? '', sides[1] ?? ''];
}

/** The members of the client's meta that are not the server's to set, each with a comma before it. */
function otherMeta(text: string, meta: Member): string {
  if (text[meta.start] !== '{') return '';
  return members(text, meta.start)
    .filter(({ name }) => !/^_?(versionId|lastUpdated)$/.test(name))
    .map(({ nameStart, end }) => `,${text.slice(nameStart, end)}`)
    .join('');
}
