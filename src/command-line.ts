/** What the commands of `livedoc` have in common: their options, their way of printing, their errors. */
import type { Config } from './config.ts';
import type { Parts } from './open-parts.ts';
import type { Logger } from './shared/logger.ts';

/** Something in the command line that its user can mend; printed without a stack. */
export class UsageError extends Error {}

export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

export interface Running {
  readonly config: Config;
  readonly parts: Parts;
  readonly log: Logger;
}

export interface Command {
  readonly options: Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>>;
  readonly run: (running: Running, values: Values) => Promise<void>;
}

export const string = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;

export function text(values: Values, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing.`);
  return value;
}

export function oneOf<const T extends string>(values: Values, name: string, allowed: readonly T[]): T {
  const value = text(values, name);
  const found = allowed.find((one) => one === value);
  if (!found) throw new UsageError(`--${name} is ${value}; it must be one of ${allowed.join(', ')}.`);
  return found;
}

export function print(values: Values, result: Readonly<Record<string, unknown>>): void {
  const lines = Object.entries(result).map(([key, value]) => {
    const shown = value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `${key}: ${shown}`;
  });
  process.stdout.write(`${values['json'] ? JSON.stringify(result) : lines.join('\n')}\n`);
}

/** A table for people, one JSON array for programs. */
export async function printList(values: Values, rows: Promise<readonly object[]>): Promise<void> {
  if (values['json']) process.stdout.write(`${JSON.stringify(await rows)}\n`);
  else console.table(await rows);
}
