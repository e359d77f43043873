/** Parses long JSON texts, strictly, in steps between which others have their turn: Bundles come as long as a body may be. */
import { setImmediate } from 'node:timers/promises';
import {
  another,
  checkEnd,
  checkName,
  checkValue,
  closeBrace,
  closeBracket,
  isEmpty,
  type Names,
  openBrace,
  openBracket,
  type Scan,
  skipSpace,
} from './check.ts';

/** Characters to a step: some milliseconds. */
const turn = 131_072;

interface Steps extends Scan {
  /** Where the step that is under way began. */
  from: number;
}

/** What `checkJson` and `JSON.parse` do, one after the other for each item of an array in the outermost object. */
export async function parseInTurns(text: string): Promise<unknown> {
  const steps: Steps = { text, at: 0, from: 0 };
  skipSpace(steps);
  const value = codeAt(steps) === openBrace ? await object(steps) : one(steps, 0);
  checkEnd(steps);
  return value;
}

function codeAt({ text, at }: Scan): number {
  return text.charCodeAt(at);
}

function one(steps: Steps, depth: number): unknown {
  const start = steps.at;
  checkValue(steps, depth);
  return JSON.parse(steps.text.slice(start, steps.at));
}

async function object(steps: Steps): Promise<unknown> {
  const names: Names = { few: [], many: undefined };
  const members: [string, unknown][] = [];
  if (isEmpty(steps, closeBrace)) return {};
  do {
    const name = checkName(steps, names);
    members.push([name, codeAt(steps) === openBracket ? await array(steps) : one(steps, 1)]);
  } while (another(steps, closeBrace));
  // As JSON.parse does it: __proto__ is a member like any other.
  return Object.fromEntries(members);
}

async function array(steps: Steps): Promise<readonly unknown[]> {
  const items: unknown[] = [];
  if (isEmpty(steps, closeBracket)) return items;
  do {
    items.push(one(steps, 2));
    if (steps.at - steps.from < turn) continue;
    steps.from = steps.at;
    await setImmediate();
  } while (another(steps, closeBracket));
  return items;
}
