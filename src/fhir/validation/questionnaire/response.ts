/**
 * A QuestionnaireResponse against its Questionnaire: the items that it may and must have, in which order, and their answers.
 * https://hl7.org/fhir/R4/questionnaireresponse.html#notes
 */
import { isObject, type Json } from '../../fhirpath/collection.ts';
import { checkAnswers, type Findings, report } from './answers.ts';
import { answersOf, isEnabled, type Trail } from './enable-when.ts';
import { type Form, objects, type Question } from './form.ts';

interface Task extends Findings {
  readonly form: Form;
  /** What is not finished may lack what is required. */
  readonly finished: boolean;
}

/** Where a list of items is. */
interface Place {
  readonly questions: readonly Question[];
  readonly items: readonly Json[];
  /** Of the object that has the `item`. */
  readonly path: string;
  readonly outer: Trail | undefined;
}

/** Statuses of responses that need not be complete. */
const unfinished = new Set(['in-progress', 'stopped', 'entered-in-error']);

/** `question` is the abstract code above the kinds of questions: nothing says how it could be answered. */
const isGroup = ({ type }: Question) => type === 'group' || type === 'question';

function lists(item: Json): { readonly answers: readonly Json[]; readonly items: readonly Json[] } {
  return { answers: objects(item['answer']), items: objects(item['item']) };
}

function checkGroup(task: Task, question: Question, item: Json, path: string, trail: Trail): void {
  const { answers, items } = lists(item);
  if (answers.length > 0) report(task, 'structure', `The group ${question.linkId} cannot have answers.`, path);
  if (question.required && task.finished && items.length === 0)
    report(task, 'required', `The group ${question.linkId} is required and has nothing in it.`, path);
  checkItems(task, { questions: question.children, items, path, outer: trail });
}

function checkQuestion(task: Task, question: Question, item: Json, path: string, trail: Trail): void {
  const { answers, items } = lists(item);
  const { linkId, type, required, children } = question;
  if (type === 'display') {
    if (answers.length > 0) report(task, 'structure', `${linkId} is a text to be shown and cannot have answers.`, path);
    return;
  }
  if (items.length > 0)
    report(task, 'structure', `What belongs to the question ${linkId} is in its answers, not beside them.`, path);
  if (required && task.finished && answersOf(item).length === 0)
    report(task, 'required', `The question ${linkId} must be answered.`, path);
  checkAnswers(task, question, { answers, path, finished: task.finished });
  answers.forEach((answer, at) => {
    const place = { questions: children, items: objects(answer['item']), path: `${path}.answer[${at}]`, outer: trail };
    checkItems(task, place);
  });
}

/** Why an item cannot be where it is. */
function misplaced({ form }: Task, linkId: unknown): string {
  const known = form.byLinkId.get(String(linkId));
  if (!known) return `The questionnaire has no item ${JSON.stringify(linkId)}.`;
  const where = known.parent ? `in ${known.parent.linkId}` : 'at the top';
  return `The item ${known.linkId} belongs ${where}, not here.`;
}

function checkPlaces(task: Task, { questions, items, path }: Place): void {
  const seen = new Map<Question, number>();
  let last = -1;
  items.forEach((item, at) => {
    const place = `${path}.item[${at}]`;
    const order = questions.findIndex(({ linkId }) => linkId === item['linkId']);
    const question = questions[order];
    if (!question) {
      report(task, 'structure', misplaced(task, item['linkId']), place);
      return;
    }
    const before = questions[last];
    if (order < last && before)
      report(
        task,
        'structure',
        `The item ${question.linkId} comes before ${before.linkId} in the questionnaire.`,
        place,
      );
    last = Math.max(last, order);
    const count = (seen.get(question) ?? 0) + 1;
    seen.set(question, count);
    const most = isGroup(question) && question.repeats ? Number.POSITIVE_INFINITY : 1;
    if (count > most) report(task, 'structure', `The item ${question.linkId} may be there once.`, place);
  });
}

function checkItem(task: Task, { path }: Place, question: Question, trail: Trail): void {
  const item = trail.siblings[trail.at];
  if (!item) return;
  const place = `${path}.item[${trail.at}]`;
  const { answers, items } = lists(item);
  if (!isEnabled(question, trail)) {
    if (answers.length > 0 || items.length > 0)
      report(task, 'business-rule', `The item ${question.linkId} is not enabled by the other answers.`, place);
    return;
  }
  const check = isGroup(question) ? checkGroup : checkQuestion;
  check(task, question, item, place, trail);
}

function checkItems(task: Task, place: Place): void {
  const { questions, items, path, outer } = place;
  checkPlaces(task, place);
  for (const question of questions) {
    const own = items.flatMap((item, at) => (item['linkId'] === question.linkId ? [at] : []));
    for (const at of own) checkItem(task, place, question, { siblings: items, at, outer });
    const isMissed = task.finished && question.required && question.type !== 'display' && own.length === 0;
    if (isMissed && isEnabled(question, { siblings: items, at: items.length, outer }))
      report(task, 'required', `The item ${question.linkId} is required.`, path);
  }
}

/** What a response contradicts its form in; `path` is the response's. */
export function responseFindings(response: Json, form: Form, path: string): Findings {
  const findings: Findings = { issues: [], chosen: [] };
  const task = { ...findings, form, finished: !unfinished.has(String(response['status'])) };
  checkItems(task, { questions: form.questions, items: objects(response['item']), path, outer: undefined });
  return findings;
}

/** The responses in a resource with their places: itself, or entries of a Bundle. */
export function responsesIn(resource: Json): readonly { readonly response: Json; readonly path: string }[] {
  const { resourceType } = resource;
  if (resourceType === 'QuestionnaireResponse') return [{ response: resource, path: resourceType }];
  if (resourceType !== 'Bundle') return [];
  return objects(resource['entry']).flatMap((entry, at) => {
    const inner = entry['resource'];
    return isObject(inner) && inner['resourceType'] === 'QuestionnaireResponse'
      ? [{ response: inner, path: `Bundle.entry[${at}].resource` }]
      : [];
  });
}
