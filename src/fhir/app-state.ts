/**
 * What SMART asks of a Basic in which an application keeps its state for a person.
 * https://hl7.org/fhir/smart-app-launch/app-state.html#managing-app-state-cruds
 */
import { isDeepStrictEqual } from 'node:util';
import type { Basic, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../shared/errors.ts';
import type { Access } from './access.ts';

/** Bytes of JSON; SMART's own limit. */
const largest = 256 * 1024;

/** Persons write no other Basic than this; what systems keep in one is their own. */
function isAppState({ caller }: Pick<Access, 'caller'>, type: string): boolean {
  return type === 'Basic' && caller.userId !== undefined;
}

function shapeProblem({
  code,
  subject,
  extension = [],
}: Basic): readonly [text: string, expression: string] | undefined {
  if (code.coding?.length !== 1) return ['The code of app state is exactly one Coding.', 'Basic.code.coding'];
  const { reference } = subject ?? {};
  if (subject && !URL.canParse(reference ?? '')) {
    return ['The subject of app state is an absolute reference.', 'Basic.subject.reference'];
  }
  const other = extension.find((each) => !('valueString' in each) || each.valueString === undefined);
  return other && [`Extensions of app state have a valueString; ${other.url} has none.`, 'Basic.extension'];
}

/** Throws `unprocessable` for what is no app state, `tooLarge` for too much of it. */
export function demandAppState(access: Pick<Access, 'caller'>, resource: Resource): void {
  if (!isAppState(access, resource.resourceType)) return;
  const problem = shapeProblem(resource as Basic);
  if (problem) throw new FhirError('unprocessable', problem[0], { expression: [problem[1]] });
  const bytes = Buffer.byteLength(JSON.stringify(resource));
  if (bytes > largest) throw new FhirError('tooLarge', `App state is ${bytes} bytes; ${largest} is the most.`);
}

/** Throws `precondition` for a change of app state that does not say which version it changes. */
export function demandStateMatch(access: Pick<Access, 'caller'>, type: string, ifMatch: unknown): void {
  if (!isAppState(access, type) || typeof ifMatch === 'number') return;
  throw new FhirError('precondition', 'App state is changed and deleted with If-Match and the version that is known.');
}

/** Throws `precondition` when whose state it is, or which, would change. */
export function demandSameState(access: Pick<Access, 'caller'>, before: Resource, after: Resource): void {
  if (!isAppState(access, after.resourceType)) return;
  const [old, changed] = [before as Basic, after as Basic];
  if (isDeepStrictEqual(old.code, changed.code) && isDeepStrictEqual(old.subject, changed.subject)) return;
  throw new FhirError('precondition', 'The code and the subject of app state do not change.');
}
