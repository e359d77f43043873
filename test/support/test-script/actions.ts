/**
 * The actions of setup, of a test or of teardown, one after the other, and when to stop.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.setup.action.assert.warningOnly
 */
import type { TestReportSetupAction } from '@medplum/fhirtypes';
import { assert } from './assertion.ts';
import type { Run } from './engine.ts';
import { operate } from './operation.ts';
import { type Action, type Assertion, unknownIn } from './script.ts';

/** What became of an action; a part of a TestReport. */
export type ActionReport = TestReportSetupAction;

const resultOf = ({ operation, assert: asserted }: ActionReport) => operation?.result ?? asserted?.result;

/** Whether an action ends what it is in. */
export function failed(report: ActionReport): boolean {
  const result = resultOf(report);
  return result === 'fail' || result === 'error';
}

/** Runs actions in order. With `stops`, none after one that failed or could not be done. */
export async function runActions(run: Run, actions: readonly Action[], stops: boolean): Promise<ActionReport[]> {
  const reports: ActionReport[] = [];
  for (const [place, action] of actions.entries()) {
    const report = await runAction(run, action);
    reports.push(report);
    if (stops && failed(report)) return [...reports, ...skipActions(actions.slice(place + 1))];
  }
  return reports;
}

export function skipActions(actions: readonly Action[]): ActionReport[] {
  return actions.map(({ operation }) =>
    operation ? { operation: { result: 'skip' } } : { assert: { result: 'skip' } },
  );
}

async function runAction(run: Run, action: Action): Promise<ActionReport> {
  const kind = action.operation ? 'operation' : 'assert';
  try {
    const strange = unknownIn(action);
    if (strange !== undefined) throw new Error(strange);
    if (action.operation) return { operation: { result: 'pass', message: await operate(run, action.operation) } };
    return { assert: await judged(run, action.assert as Assertion) };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? ` (${String(error.cause)})` : '';
    return { [kind]: { result: 'error', message: `${String(error)}${cause}` } };
  }
}

async function judged(run: Run, assertion: Assertion): Promise<NonNullable<ActionReport['assert']>> {
  const { holds, message } = await assert(run, assertion);
  const said = assertion.description ?? assertion.label;
  const result = holds ? 'pass' : assertion.warningOnly ? 'warning' : 'fail';
  return { result, message: said === undefined ? message : `${said} ${message}` };
}
