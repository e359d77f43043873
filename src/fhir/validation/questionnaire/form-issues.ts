/**
 * What R4 says in words of the conditions of a Questionnaire: they ask about questions of the form, and about none that only the
 * answer would open.
 * https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.question
 */
import type { Issue } from '../../../shared/errors.ts';
import type { Json } from '../../fhirpath/collection.ts';
import { type Form, formOf, type Question } from './form.ts';

function isWithin(question: Question | undefined, outer: Question): boolean {
  for (let at = question; at; at = at.parent) if (at === outer) return true;
  return false;
}

function problemOf(question: Question, asked: string, { byLinkId }: Form): string | undefined {
  const decides = byLinkId.get(asked);
  if (!decides) return `No item of the questionnaire has the linkId ${JSON.stringify(asked)}.`;
  return isWithin(decides, question)
    ? `The item ${question.linkId} cannot be enabled by an answer to itself, or to what is in it.`
    : undefined;
}

/** Problems of conditions; `path` is the Questionnaire's. */
export function formIssues(questionnaire: Json, path: string): readonly Issue[] {
  const form = formOf(questionnaire);
  const issues: Issue[] = [];
  const visit = (questions: readonly Question[], above: string): void =>
    questions.forEach((question, at) => {
      const place = `${above}.item[${at}]`;
      question.enableWhen.forEach((condition, index) => {
        const diagnostics = problemOf(question, condition.question, form);
        const expression = [`${place}.enableWhen[${index}].question`];
        if (diagnostics !== undefined)
          issues.push({ severity: 'error', code: 'business-rule', diagnostics, expression });
      });
      visit(question.children, place);
    });
  visit(form.questions, path);
  return issues;
}
