/**
 * Changes members of a JSON object's text and leaves every other byte alone, so that decimals written by others
 * (`1.10`) survive.
 * https://hl7.org/fhir/R4/datatypes.html#decimal
 */
import { members } from '../fhir/json/members.ts';

type Members = Readonly<Record<string, unknown>>;

/** The object's text with `changes` set (`undefined` removes): members it has keep their place, new ones come last. */
export function spliceMembers(text: string, changes: Members): string {
  const present = members(text, text.indexOf('{'));
  const kept = present
    .map(({ name, start, end }) => ({ name, value: Object.hasOwn(changes, name) ? undefined : text.slice(start, end) }))
    .filter(({ name, value }) => value !== undefined || changes[name] !== undefined)
    .map(({ name, value }) => `${JSON.stringify(name)}:${value ?? JSON.stringify(changes[name])}`);
  const added = Object.entries(changes)
    .filter(([name, value]) => value !== undefined && !present.some((member) => member.name === name))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${[...kept, ...added].join(',')}}`;
}

/** The text of `before` turned into `after`: only members that are not the very same value are written anew. */
export function spliceChanges(text: string, before: object, after: object): string {
  const old = before as Members;
  const next = after as Members;
  const names = new Set([...Object.keys(old), ...Object.keys(next)]);
  const changed = [...names].filter((name) => old[name] !== next[name]).map((name) => [name, next[name]]);
  return spliceMembers(text, Object.fromEntries(changed));
}
