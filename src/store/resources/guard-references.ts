/** Writes whose references have to resolve, and deletions of what others may point at: checked where they are written. */
import { FhirError } from '../../shared/errors.ts';
import { int4s, int8s } from '../arrays.ts';
import { resourceKey } from '../keys.ts';
import type { Target } from './read.ts';
import type { Write } from './write.ts';

/** Why writes were refused together; the `cause` of the FhirError that says so. */
export interface ReferenceViolation {
  /** References of writes to what is not there. */
  readonly missing: readonly { readonly write: Write; readonly target: Target }[];
  /** What points at deleted resources, as `Type/id`; some of it. */
  readonly pointing: readonly { readonly write: Write; readonly source: string }[];
}

interface Need {
  readonly at: number;
  readonly write: Write;
  readonly target: Target;
}

export interface Guard {
  /** The whole statement around the one that writes, whose last parameter has the number `parameters`. */
  text(writing: string, parameters: number): string;
  readonly values: readonly Buffer[];
  /** The error of the statement in the words of the one that clients get. */
  explain(error: unknown): unknown;
}

/** What has to be checked around these writes; undefined when nothing has, so that plain writes cost nothing. */
export function guardOf(writes: readonly Write[]): Guard | undefined {
  const needs = writes.flatMap((write, at): Need[] =>
    (write.needs ?? []).map((target) => ({ at: at + 1, write, target })),
  );
  const deleted = writes.flatMap(({ isGuarded }, at) => (isGuarded ? [at + 1] : []));
  if (needs.length === 0 && deleted.length === 0) return undefined;
  const targets = int8s(needs.map(({ target }) => resourceKey(target.type, target.id)));
  return {
    text: (writing, parameters) => {
      const [rkeys, needsN, target, deletedN] = [1, 2, 3, 4].map((more) => `$${parameters + more}`);
      return `SELECT check_references(${writing}, ${rkeys}, ${needsN}, ${target}, ${deletedN}) AS results
              FROM lock_references(${rkeys}, ${target})`;
    },
    values: [
      int8s(writes.map(({ type, id }) => resourceKey(type, id))),
      int4s(needs.map(({ at }) => at)),
      targets,
      int4s(deleted),
    ],
    explain: (error) => explained(error, needs, writes),
  };
}

function explained(error: unknown, needs: readonly Need[], writes: readonly Write[]): unknown {
  const { code, detail } = error as { readonly code?: unknown; readonly detail?: unknown };
  if (code !== 'LVREF' || typeof detail !== 'string') return error;
  const found = JSON.parse(detail) as {
    readonly missing: readonly number[];
    readonly pointing: readonly { readonly source: string; readonly n: number }[];
  };
  const violation: ReferenceViolation = {
    missing: found.missing.flatMap((at) => needs[at - 1] ?? []),
    pointing: found.pointing.flatMap(({ source, n }) => {
      const write = writes[n - 1];
      return write ? [{ write, source }] : [];
    }),
  };
  return new FhirError('conflict', 'References would point at nothing.', { cause: violation });
}
