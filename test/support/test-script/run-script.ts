/**
 * A TestScript run: fixtures, setup, tests and teardown, and the TestReport of it.
 * https://hl7.org/fhir/R4/testing.html, https://hl7.org/fhir/R4/testreport.html
 */
import type { TestReport, TestScript, TestScriptFixture } from '@medplum/fhirtypes';
import { type ActionReport, failed, runActions, skipActions } from './actions.ts';
import { type Engine, messageOf, type Run } from './engine.ts';
import { operate } from './operation.ts';
import { reportOf } from './report.ts';
import { type Action, demandScript, type Operation } from './script.ts';

/**
 * Runs it. A failure or an error ends its test, and in setup all tests; teardown is always done. Throws only for what is no
 * TestScript, everything else is in the report.
 */
export async function runScript(engine: Engine, value: unknown): Promise<TestReport> {
  demandScript(value);
  const script: TestScript = value;
  const run: Run = { engine, script, messages: new Map(), places: new Map() };
  const loaded = await loadFixtures(run);
  const setup = [...loaded, ...(await runOrSkip(run, script.setup?.action ?? [], !loaded.some(failed)))];
  const isReady = !setup.some(failed);
  const tests: ActionReport[][] = [];
  for (const { action = [] } of script.test ?? []) tests.push(await runOrSkip(run, action, isReady));
  const teardown = [...(await runActions(run, script.teardown?.action ?? [], false)), ...(await deleteFixtures(run))];
  return reportOf(run, { setup, tests, teardown });
}

function runOrSkip(run: Run, actions: readonly Action[], isReady: boolean): Promise<ActionReport[]> {
  return isReady ? runActions(run, actions, true) : Promise.resolve(skipActions(actions));
}

/** Reads every fixture, and creates those that are to be there already. What went well without a request is not reported. */
async function loadFixtures(run: Run): Promise<ActionReport[]> {
  const reports: ActionReport[] = [];
  for (const fixture of run.script.fixture ?? []) {
    try {
      const text = await run.engine.fixture(fixture.resource?.reference ?? '');
      run.messages.set(fixture.id ?? '', { headers: {}, text });
    } catch (error) {
      reports.push({ operation: { result: 'error', message: `Fixture ${fixture.id}: ${String(error)}` } });
    }
  }
  if (reports.length > 0) return reports;
  for (const fixture of run.script.fixture ?? []) {
    if (fixture.autocreate) reports.push(await autocreate(run, fixture));
  }
  return reports;
}

/** With an id it is put there, so that others can refer to it; without, the server gives one. */
function autocreate(run: Run, { id = '' }: TestScriptFixture): Promise<ActionReport> {
  const resource = JSON.parse(messageOf(run, id).text) as { readonly id?: string };
  const code = resource.id === undefined ? 'create' : 'update';
  return automatic(run, { type: { code }, sourceId: id, encodeRequestUrl: true }, [200, 201]);
}

async function deleteFixtures(run: Run): Promise<ActionReport[]> {
  const reports: ActionReport[] = [];
  const fixtures = (run.script.fixture ?? []).filter(({ autodelete }) => autodelete);
  // Those that were created last may refer to the earlier ones.
  for (const { id = '' } of fixtures.toReversed()) {
    const made = run.places.get(id)?.map((place) => ({ params: `/${place.id}`, resource: place.type }));
    for (const target of made ?? [{ targetId: id }]) {
      const operation = { type: { code: 'delete' }, ...target, encodeRequestUrl: true } as Operation;
      reports.push(await automatic(run, operation, [200, 202, 204, 404, 410]));
    }
  }
  return reports;
}

async function automatic(run: Run, operation: Operation, good: readonly number[]): Promise<ActionReport> {
  try {
    const message = await operate(run, operation);
    const isGood = good.includes(run.last?.response.status ?? 0);
    return { operation: { result: isGood ? 'pass' : 'fail', message } };
  } catch (error) {
    return { operation: { result: 'error', message: String(error) } };
  }
}
