/**
 * Responses against their Questionnaires, wherever these are: contained, stored, or nowhere.
 * https://hl7.org/fhir/R4/questionnaireresponse.html#validation
 */
import type { ValueSet } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../../shared/errors.ts';
import { isObject, type Json } from '../../fhirpath/collection.ts';
import type { Terminology } from '../../terminology/terminology.ts';
import { show } from '../explain.ts';
import type { Chosen } from './answers.ts';
import { type Form, formOf, objects } from './form.ts';
import { responseFindings, responsesIn } from './response.ts';

/** Gives the Questionnaire that a canonical (or a reference) means; undefined: it is not here, or not to be seen. */
export type QuestionnaireOf = (canonical: string) => Promise<unknown>;

export interface Asking {
  readonly questionnaireOf?: QuestionnaireOf | undefined;
  readonly terminology?: Terminology | undefined;
}

/** More answers than this are not asked about at the terminology service. */
const mostQuestions = 500;

async function chosenIssue({ coding, valueSet, path }: Chosen, form: Form, terminology: Terminology) {
  const said = (severity: Issue['severity'], code: string, diagnostics: string): Issue => {
    return { severity, code, diagnostics, expression: [path] };
  };
  const own = valueSet.startsWith('#') ? form.contained.get(valueSet.slice(1)) : undefined;
  try {
    const { result, message, unknownSystems, unknownValueSet } = await terminology.validateCode({
      coding,
      ...(own ? { valueSet: own as unknown as ValueSet } : { url: valueSet }),
      membershipOnly: true,
    });
    if (result) return undefined;
    if (unknownValueSet) return said('warning', 'not-found', `The options in ${valueSet} were not checked: ${message}`);
    const systems = unknownSystems.join(', ');
    if (systems !== '')
      return said('warning', 'not-found', `${show(coding)} was not checked: nothing is known of ${systems}.`);
    return said('error', 'code-invalid', `${show(coding)} is none of the options in ${valueSet}: ${message ?? ''}`);
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    return said('warning', 'not-found', `The options in ${valueSet} were not checked: ${error.message}`);
  }
}

async function chosenIssues(chosen: readonly Chosen[], form: Form, terminology: Terminology | undefined) {
  const issues: Issue[] = [];
  if (!terminology) return issues;
  for (const one of chosen.slice(0, mostQuestions)) {
    const issue = await chosenIssue(one, form, terminology);
    if (issue) issues.push(issue);
  }
  return issues;
}

async function questionnaireFor(response: Json, { questionnaireOf }: Asking): Promise<unknown> {
  const { questionnaire } = response;
  if (typeof questionnaire !== 'string') return undefined;
  if (questionnaire.startsWith('#')) {
    return objects(response['contained']).find(({ id }) => id === questionnaire.slice(1));
  }
  return questionnaireOf?.(questionnaire);
}

function unknownIssue({ questionnaire }: Json, path: string): Issue {
  const isNamed = typeof questionnaire === 'string';
  const what = isNamed
    ? `The questionnaire ${questionnaire} is not known to this server, so the answers were not checked against it.`
    : 'The response names no questionnaire, so its answers were not checked against one.';
  const severity = isNamed ? 'warning' : 'information';
  return { severity, code: 'not-found', diagnostics: what, expression: [`${path}.questionnaire`] };
}

/** What the responses in a resource (itself, entries of a Bundle) contradict their Questionnaires in. */
export async function questionnaireIssues(resource: Json, asking: Asking): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  for (const { response, path } of responsesIn(resource)) {
    const questionnaire = await questionnaireFor(response, asking);
    if (!isObject(questionnaire) || questionnaire['resourceType'] !== 'Questionnaire') {
      issues.push(unknownIssue(response, path));
      continue;
    }
    const form = formOf(questionnaire);
    const { issues: found, chosen } = responseFindings(response, form, path);
    issues.push(...found, ...(await chosenIssues(chosen, form, asking.terminology)));
  }
  return issues;
}
