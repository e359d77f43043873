/**
 * A TestScript as the engine takes it: nothing in it that the engine would pass over in silence.
 * https://hl7.org/fhir/R4/testscript.html
 */
import type { TestScript, TestScriptSetupActionAssert, TestScriptSetupActionOperation } from '@medplum/fhirtypes';

export type Operation = TestScriptSetupActionOperation;
export type Assertion = TestScriptSetupActionAssert;

/** An action of setup, of a test or of teardown. */
export interface Action {
  readonly operation?: Operation;
  readonly assert?: Assertion;
}

const operationParts = new Set(
  `type resource label description accept contentType destination encodeRequestUrl method origin params requestHeader
   requestId responseId sourceId targetId url`.split(/\s+/),
);

/** What an assertion may say besides the one thing that it asserts. */
const assertionParts = new Set(
  `label description direction compareToSourceId compareToSourceExpression compareToSourcePath operator sourceId value
   warningOnly`.split(/\s+/),
);

/** What an assertion asserts: exactly one of these (invariants tst-5 and tst-6). */
const subjects = [
  'contentType',
  'expression',
  'headerField',
  'minimumId',
  'navigationLinks',
  'path',
  'requestMethod',
  'requestURL',
  'resource',
  'response',
  'responseCode',
  'validateProfileId',
] as const;
export type Subject = (typeof subjects)[number];

/** `id` and extensions that may be overlooked change nothing; a modifierExtension is not among them. */
const isAside = (name: string) => name === 'id' || name === 'extension' || name.startsWith('_');

/** What is in an action that R4 does not have, or this engine does not know; undefined: nothing. */
export function unknownIn({ operation, assert, ...rest }: Action): string | undefined {
  const names = (given: object | undefined) => Object.keys(given ?? {}).filter((name) => !isAside(name));
  const strange = [
    ...names(rest),
    ...names(operation).filter((name) => !operationParts.has(name)),
    ...names(assert).filter((name) => !assertionParts.has(name) && !subjects.includes(name as Subject)),
  ];
  if (strange.length > 0) return `This engine does not know ${strange.join(', ')}.`;
  if ((operation === undefined) === (assert === undefined)) return 'An action is one operation or one assertion.';
  return undefined;
}

/** The subject of an assertion; one that only compares with another source is about the same expression or path. */
export function subjectOf(assertion: Assertion): Subject {
  const found = subjects.filter((name) => assertion[name] !== undefined);
  if (found.length === 1 && found[0]) return found[0];
  if (found.length === 0 && assertion.compareToSourceExpression !== undefined) return 'expression';
  if (found.length === 0 && assertion.compareToSourcePath !== undefined) return 'path';
  throw new Error(`An assertion asserts one thing, and not ${found.length === 0 ? 'nothing' : found.join(' and ')}.`);
}

/** Throws for what is no TestScript of R4 that this engine can run. */
export function demandScript(value: unknown): asserts value is TestScript {
  const { resourceType, modifierExtension } = (value ?? {}) as { resourceType?: unknown; modifierExtension?: unknown };
  if (resourceType !== 'TestScript') throw new Error(`A TestScript is wanted, and not ${String(resourceType)}.`);
  if (modifierExtension !== undefined) throw new Error('This engine knows no modifierExtension.');
}
