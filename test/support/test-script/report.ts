/**
 * The TestReport of a run, FHIR's own form of a result.
 * https://hl7.org/fhir/R4/testreport.html
 */
import type { TestReport, TestReportTest, TestReportTestAction, TestScriptTest } from '@medplum/fhirtypes';
import { type ActionReport, failed } from './actions.ts';
import type { Run } from './engine.ts';

export interface Outcome {
  readonly setup: readonly ActionReport[];
  /** In the order of the script's tests. */
  readonly tests: readonly (readonly ActionReport[])[];
  readonly teardown: readonly ActionReport[];
}

/** `score` is the percentage of tests that passed; one that ended in a warning did. */
export function reportOf({ engine, script }: Run, { setup, tests, teardown }: Outcome): TestReport {
  const isReady = !setup.some(failed);
  const passed = tests.filter((actions) => isReady && !actions.some(failed)).length;
  const isPass = isReady && passed === tests.length && !teardown.some(failed);
  return {
    resourceType: 'TestReport',
    ...(script.name === undefined ? {} : { name: script.name }),
    status: isReady ? 'completed' : 'stopped',
    testScript: { reference: script.url ?? `TestScript/${script.id}` },
    result: isPass ? 'pass' : 'fail',
    score: tests.length === 0 ? (isPass ? 100 : 0) : Math.round((passed / tests.length) * 10_000) / 100,
    issued: engine.now().toISOString(),
    participant: engine.bases.map((uri) => ({ type: 'server', uri })),
    ...(setup.length === 0 ? {} : { setup: { action: [...setup] } }),
    test: (script.test ?? []).map((test, place) => testReport(test, tests[place] ?? [])),
    ...(teardown.length === 0 ? {} : { teardown: { action: operationsOf(teardown) } }),
  };
}

function testReport({ id, name, description }: TestScriptTest, actions: readonly ActionReport[]): TestReportTest {
  return {
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    action: actions as TestReportTestAction[],
  };
}

/** Teardown has operations only. */
function operationsOf(actions: readonly ActionReport[]): { operation: NonNullable<ActionReport['operation']> }[] {
  return actions.flatMap(({ operation }) => (operation ? [{ operation }] : []));
}

/** Every action that failed or could not be done, with the part of the script that it is of and the operation before it. */
export function failuresIn({ setup, test = [], teardown }: TestReport): string[] {
  return [
    ...failuresOf('setup', setup?.action ?? []),
    ...test.flatMap(({ id, name, action = [] }) => failuresOf(name ?? id ?? 'test', action)),
    ...failuresOf('teardown', (teardown?.action ?? []) as readonly ActionReport[]),
  ];
}

function failuresOf(part: string, actions: readonly ActionReport[]): string[] {
  let before = '';
  return actions.flatMap((action) => {
    const { result, message } = action.operation ?? action.assert ?? {};
    const said = action.assert && before !== '' ? `${message}, after ${before}` : message;
    before = action.operation?.message ?? before;
    return failed(action) ? [`${part}: ${result}: ${said}`] : [];
  });
}
