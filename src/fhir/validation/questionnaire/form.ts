/**
 * A Questionnaire as its responses are judged by it: its questions by linkId, each under its parent.
 * https://hl7.org/fhir/R4/questionnaire.html
 */
import { isObject, type Json } from '../../fhirpath/collection.ts';

export interface Condition {
  /** The linkId of the question that decides. */
  readonly question: string;
  readonly operator: string;
  /** A boolean for `exists`. */
  readonly answer: unknown;
}

export interface Question {
  readonly linkId: string;
  readonly type: string;
  readonly required: boolean;
  readonly repeats: boolean;
  readonly maxLength: number | undefined;
  readonly enableWhen: readonly Condition[];
  /** Whether one of the conditions is enough. */
  readonly any: boolean;
  readonly options: readonly Json[];
  readonly valueSet: string | undefined;
  readonly extension: readonly Json[];
  readonly parent: Question | undefined;
  readonly children: readonly Question[];
}

export interface Form {
  readonly questions: readonly Question[];
  readonly byLinkId: ReadonlyMap<string, Question>;
  /** Value sets in it, by id. */
  readonly contained: ReadonlyMap<string, Json>;
}

/** The objects in a list; none of what is no list. */
export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The value of a choice such as `value[x]`, with its type as JSON names it (`Coding`, `DateTime`); undefined: there is none. */
export function choiceOf(object: Json, name: string): { readonly type: string; readonly value: unknown } | undefined {
  const key = Object.keys(object).find((one) => one.startsWith(name) && /^[A-Z]/.test(one.slice(name.length)));
  return key === undefined ? undefined : { type: key.slice(name.length), value: object[key] };
}

function conditionOf(given: Json): Condition {
  const { question, operator } = given;
  return { question: String(question), operator: String(operator), answer: choiceOf(given, 'answer')?.value };
}

function questionOf(item: Json, parent: Question | undefined, byLinkId: Map<string, Question>): Question {
  const { linkId, type, maxLength, answerValueSet } = item;
  const children: Question[] = [];
  const question: Question = {
    linkId: String(linkId),
    type: String(type),
    required: item['required'] === true,
    repeats: item['repeats'] === true,
    maxLength: typeof maxLength === 'number' ? maxLength : undefined,
    enableWhen: objects(item['enableWhen']).map(conditionOf),
    any: item['enableBehavior'] === 'any',
    options: objects(item['answerOption']),
    valueSet: typeof answerValueSet === 'string' ? answerValueSet : undefined,
    extension: objects(item['extension']),
    parent,
    children,
  };
  if (!byLinkId.has(question.linkId)) byLinkId.set(question.linkId, question);
  for (const one of objects(item['item'])) children.push(questionOf(one, question, byLinkId));
  return question;
}

/** Takes what is no valid Questionnaire as far as it goes. */
export function formOf(questionnaire: Json): Form {
  const byLinkId = new Map<string, Question>();
  const questions = objects(questionnaire['item']).map((item) => questionOf(item, undefined, byLinkId));
  const contained = new Map(objects(questionnaire['contained']).map((one) => [String(one['id']), one]));
  return { questions, byLinkId, contained };
}
