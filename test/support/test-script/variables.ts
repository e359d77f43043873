/**
 * Variables, found when they are used: by what a user gave, by their source, or by default.
 * https://hl7.org/fhir/R4/testscript-definitions.html#TestScript.variable
 */
import type { TestScriptVariable } from '@medplum/fhirtypes';
import { lastOf, messageOf, type Run } from './engine.ts';
import type { Message } from './message.ts';
import { byExpression, byPath, single } from './values.ts';

/** The text with every `${name}` replaced. Throws for a variable that is not declared or has no value. */
export async function substitute(run: Run, text: string): Promise<string> {
  const values = new Map<string, string>();
  for (const [, name = ''] of text.matchAll(/\$\{([^}]*)\}/g)) {
    if (!values.has(name)) values.set(name, await foundFor(run, name));
  }
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => values.get(name) ?? '');
}

async function foundFor(run: Run, name: string): Promise<string> {
  const given = run.engine.variables[name];
  if (given !== undefined) return given;
  const variable = run.script.variable?.find((one) => one.name === name);
  if (!variable) throw new Error(`The variable ${name} is not declared.`);
  const found = (await fromSource(run, variable)) ?? variable.defaultValue;
  if (found === undefined) throw new Error(`The variable ${name} has no value, and none by default.`);
  return found;
}

/** undefined: nothing there, or no source yet and a default instead. */
async function fromSource(run: Run, variable: TestScriptVariable): Promise<string | undefined> {
  const { expression, headerField, path, sourceId, defaultValue, name } = variable;
  const ways = [expression, headerField, path].filter((way) => way !== undefined);
  if (ways.length > 1) throw new Error(`The variable ${name} has more than one of expression, headerField and path.`);
  if (ways.length === 0) return undefined;
  const isAbsent = sourceId === undefined ? !run.last : !run.messages.has(sourceId);
  if (isAbsent && defaultValue !== undefined) return undefined;
  const source: Message = sourceId === undefined ? lastOf(run, 'response') : messageOf(run, sourceId);
  if (headerField !== undefined) return source.headers[headerField.toLowerCase()];
  const values = expression === undefined ? await byPath(path ?? '', source) : await byExpression(expression, source);
  return single(values, `The variable ${name}`);
}
