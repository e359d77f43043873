/**
 * Regular expressions of value sets: they come from outside, so they run in a context that can be stopped.
 * https://hl7.org/fhir/R4/valueset-filter-operator.html
 */
import vm from 'node:vm';
import { FhirError } from '../../shared/errors.ts';

const milliseconds = 200;
const longest = 1000;

/** Which of the texts match the whole expression. Throws `unprocessable` for one that is no expression or takes too long. */
export function matching(expression: string, texts: readonly string[]): readonly boolean[] {
  if (expression.length > longest) throw refused(expression, `it has more than ${longest} characters`);
  try {
    const sandbox = Object.assign(Object.create(null), { expression, texts: JSON.stringify(texts) });
    const answer: unknown = vm.runInNewContext(
      "const whole = new RegExp('^(?:' + expression + ')$', 'u'); JSON.stringify(JSON.parse(texts).map((text) => whole.test(text)))",
      sandbox,
      { timeout: milliseconds, contextCodeGeneration: { strings: false, wasm: false } },
    );
    return JSON.parse(String(answer)) as boolean[];
  } catch (error) {
    const isSlow = (error as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw refused(expression, isSlow ? 'it takes too long' : (error as Error).message);
  }
}

function refused(expression: string, why: string): FhirError {
  const shown = expression.length > 100 ? `${expression.slice(0, 100)}...` : expression;
  return new FhirError('unprocessable', `The regular expression ${shown} cannot be used: ${why}.`, {
    issues: [
      {
        severity: 'error',
        code: 'invalid',
        diagnostics: `The regular expression ${shown} cannot be used: ${why}.`,
      },
    ],
  });
}
