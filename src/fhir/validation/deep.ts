/**
 * The part of validation that asks a terminology service: value sets and code systems that cannot be listed at hand.
 * https://hl7.org/fhir/R4/terminology-service.html#validation
 */
import { FhirError, type Issue } from '../../shared/errors.ts';
import { isObject } from '../fhirpath/collection.ts';
import type { Terminology, ValidateAsked } from '../terminology/terminology.ts';
import type { FoundCoding } from './codings.ts';
import { show } from './explain.ts';
import type { OpenCode } from './profiles/content.ts';

/** More codes than this of one resource are not asked about. */
const mostQuestions = 500;

type Code = Pick<ValidateAsked, 'code' | 'coding' | 'codeableConcept'>;

/** The form in which a value is asked about; undefined: it has no code. */
function questionOf(value: unknown): Code | undefined {
  if (typeof value === 'string') return { code: { code: value } };
  if (!isObject(value)) return undefined;
  if (Array.isArray(value['coding'])) return { codeableConcept: value };
  const { system, code } = value;
  if (typeof code !== 'string') return undefined;
  return { coding: { code, ...(typeof system === 'string' ? { system } : {}) } };
}

async function boundIssue(open: OpenCode, terminology: Terminology): Promise<Issue | undefined> {
  const { valueSet, strength, value, path, profile } = open;
  const severity = strength === 'required' ? 'error' : 'warning';
  const suffix = profile === undefined ? '' : ` (profile ${profile})`;
  const said = (code: string, diagnostics: string, grade: Issue['severity'] = severity): Issue => ({
    severity: grade,
    code,
    diagnostics: `${diagnostics}${suffix}`,
    expression: [path],
  });
  const question = questionOf(value);
  if (!question)
    return said('code-invalid', `There is no code, but the value set ${valueSet} (${strength}) wants one.`);
  try {
    const { result, message, unknownSystems, unknownValueSet } = await terminology.validateCode({
      ...question,
      url: valueSet,
      membershipOnly: true,
    });
    if (result) return undefined;
    if (unknownValueSet) return said('not-found', `The value set ${valueSet} was not checked: ${message}`, 'warning');
    if (unknownSystems.length > 0) {
      const systems = unknownSystems.join(', ');
      return said('not-found', `${show(value)} was not checked: nothing is known of ${systems}.`, 'warning');
    }
    const reason = message === undefined ? '' : `: ${message}`;
    return said('code-invalid', `${show(value)} is not in the value set ${valueSet} (${strength})${reason}`);
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    return said('not-found', `The value set ${valueSet} was not checked: ${error.message}`, 'warning');
  }
}

/** What value sets say of codes. */
export async function boundIssues(open: readonly OpenCode[], terminology: Terminology): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  for (const one of open.slice(0, mostQuestions)) {
    const issue = await boundIssue(one, terminology);
    if (issue) issues.push(issue);
  }
  return issues;
}

async function codingIssues(
  { coding }: FoundCoding,
  terminology: Terminology,
): Promise<readonly Omit<Issue, 'expression'>[]> {
  try {
    const { result, issues, unknownSystems } = await terminology.validateCode({
      coding: { ...coding },
      lenientDisplay: true,
    });
    if (unknownSystems.length > 0 || (result && issues.length === 0)) return [];
    return issues.map(({ severity, code, diagnostics }) => ({ severity, code, diagnostics }));
  } catch (error) {
    // A system that nobody knows has any code.
    if (error instanceof FhirError) return [];
    throw error;
  }
}

/** What code systems say of codes, whichever element they are in. */
export async function systemIssues(
  codings: readonly FoundCoding[],
  terminology: Terminology,
): Promise<readonly Issue[]> {
  const asked = new Map<string, readonly Omit<Issue, 'expression'>[]>();
  const issues: Issue[] = [];
  for (const one of codings.slice(0, mostQuestions)) {
    const key = JSON.stringify(one.coding);
    const found = asked.get(key) ?? (await codingIssues(one, terminology));
    asked.set(key, found);
    issues.push(...found.map((issue) => ({ ...issue, expression: [one.path] })));
  }
  return issues;
}
