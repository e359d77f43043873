/**
 * The answer of any interaction with only the parts of resources that were asked for.
 * https://hl7.org/fhir/R4/search.html#summary
 */
import { type Member, members, objectsOf, textOf } from '../json/members.ts';
import type { Reply } from '../reply.ts';
import type { Shape } from './shape.ts';
import { subsetter } from './subset.ts';

/** What an operation answers with is no resource that somebody keeps. */
const results = new Set(['OperationOutcome', 'Parameters']);

/** The reply with its resource, or those in its Bundle, cut to the shape. */
export function shapedReply(reply: Reply, shape: Shape | undefined): Reply {
  const { text, version } = reply;
  if (!shape || text === undefined) return reply;
  const cut = subsetter(shape);
  const open = text.indexOf('{');
  const all = members(text, open);
  const type = typeOf(text, all);
  // A Bundle that is stored is a resource like any other; one that was just made holds those that are meant.
  const isResult = type === 'Bundle' && !version;
  if (!isResult) return results.has(type) && !version ? reply : { ...reply, text: cut(type, text, open) ?? text };
  const entries = all.find(({ name }) => name === 'entry');
  if (!entries) return reply;
  return { ...reply, text: withCutEntries(text, entries, cut) };
}

function typeOf(text: string, all: readonly Member[]): string {
  const type = all.find(({ name }) => name === 'resourceType');
  return type ? textOf(text, type) : '';
}

function withCutEntries(text: string, entries: Member, cut: ReturnType<typeof subsetter>): string {
  const pieces: string[] = [];
  let from = 0;
  for (const entry of objectsOf(text, entries.start)) {
    const resource = entry.find(({ name }) => name === 'resource');
    if (!resource) continue;
    const type = typeOf(text, members(text, resource.start));
    // What is said about a search is no part of what was searched for.
    const part = type === 'OperationOutcome' ? undefined : cut(type, text, resource.start);
    if (part === undefined) continue;
    pieces.push(text.slice(from, resource.start), part);
    from = resource.end;
  }
  return pieces.join('') + text.slice(from);
}
