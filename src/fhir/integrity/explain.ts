/** Refused references in words: which elements point at nothing, or who still points at what was to be deleted. */
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { ReferenceViolation } from '../../store/resources/guard-references.ts';
import type { Write } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import { mayShow } from '../interactions/visible.ts';
import type { CheckedWrite } from './integrity.ts';

/** Makes the expression of an issue of what the client sent; '' is the whole of it. */
export type Locate = (write: Write, expression: string) => string;

export const asItIs: Locate = ({ type }, expression) => expression || type;

/** The error for the client, when the store refused writes for their references; any other error as it is. */
export async function explained(context: Context, error: unknown, locate: Locate = asItIs): Promise<unknown> {
  if (!(error instanceof FhirError) || !isViolation(error.detail.cause)) return error;
  const { missing, pointing } = error.detail.cause;
  if (missing.length > 0) return unresolvable(missing, locate, error.detail.cause);
  const issues = await pointingIssues(context, pointing, locate);
  return new FhirError('conflict', issues[0]?.diagnostics ?? error.message, { issues, cause: error.detail.cause });
}

/** The error of references that have to resolve and do not. */
export function unresolvable(missing: ReferenceViolation['missing'], locate: Locate, cause?: unknown): FhirError {
  const issues = missing.flatMap(({ write, target }) => missingIssues(write, target, locate));
  return new FhirError('unprocessable', 'References point at nothing.', { issues, cause });
}

function isViolation(cause: unknown): cause is ReferenceViolation {
  return typeof cause === 'object' && cause !== null && 'missing' in cause && 'pointing' in cause;
}

function missingIssues(
  write: CheckedWrite,
  { type, id }: { readonly type: string; readonly id: string },
  locate: Locate,
): readonly Issue[] {
  const mentions = (write.mentions ?? []).filter((mention) => mention.type === type && mention.id === id);
  return mentions.map(({ expression }) => ({
    severity: 'error',
    code: 'not-found',
    diagnostics: `The reference ${type}/${id} points at nothing on this server.`,
    expression: [locate(write, expression)],
  }));
}

/** Names those that the caller may see; that there are others cannot be kept from who wants to delete. */
async function pointingIssues(
  context: Context,
  pointing: ReferenceViolation['pointing'],
  locate: Locate,
): Promise<readonly Issue[]> {
  const targets = pointing.map(({ source }) => {
    const [type = '', id = ''] = source.split('/');
    return { type, id };
  });
  // Inside a transaction that has just failed nothing can be read any more.
  const versions = await context.store.resources.readMany(targets).catch(() => []);
  const named = new Map<Write, string[]>();
  for (const [at, { write, source }] of pointing.entries()) {
    const version = versions[at];
    const names = named.get(write) ?? [];
    named.set(write, version && (await mayShow(context, 'r', version).catch(() => false)) ? [...names, source] : names);
  }
  return [...named].map(([write, names]) => ({
    severity: 'error',
    code: 'conflict',
    diagnostics: `${write.type}/${write.id} cannot be deleted: ${listed(names)} to it.`,
    expression: [locate(write, '')],
  }));
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'others refer';
  return names.length === 1 ? `${names[0]} refers` : `${names.slice(0, 10).join(', ')} refer`;
}
