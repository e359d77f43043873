/**
 * The answers of one item of a response: their types, their number, the options that they are chosen from.
 * https://hl7.org/fhir/R4/questionnaireresponse.html#notes
 */
import type { Issue } from '../../../shared/errors.ts';
import { equal, isObject, type Json } from '../../fhirpath/collection.ts';
import { show } from '../explain.ts';
import { choiceOf, type Question } from './form.ts';
import { limitProblems, limitsOf } from './limits.ts';

/** A Coding (or the unit of a Quantity) that must be in a value set: for a terminology service to say. */
export interface Chosen {
  readonly coding: Json;
  /** Canonical, or `#id` of one in the Questionnaire. */
  readonly valueSet: string;
  readonly path: string;
}

/** What was found out about a response. */
export interface Findings {
  readonly issues: Issue[];
  readonly chosen: Chosen[];
}

export function report({ issues }: Findings, code: string, diagnostics: string, path: string): void {
  issues.push({ severity: 'error', code, diagnostics, expression: [path] });
}

/** The type of `value[x]` that each kind of question is answered by. */
const types: Readonly<Record<string, string>> = {
  boolean: 'Boolean',
  decimal: 'Decimal',
  integer: 'Integer',
  date: 'Date',
  dateTime: 'DateTime',
  time: 'Time',
  string: 'String',
  text: 'String',
  url: 'Uri',
  attachment: 'Attachment',
  reference: 'Reference',
  quantity: 'Quantity',
};

const optionValue = (option: Json) => choiceOf(option, 'value');

/** The types that an answer may be of; none: nothing is known of this kind of question. */
function typesOf({ type, options }: Question): readonly string[] {
  if (Object.hasOwn(types, type)) return [types[type] as string];
  if (type !== 'choice' && type !== 'open-choice') return [];
  const offered = options.flatMap((option) => optionValue(option)?.type ?? []);
  const wanted = offered.length > 0 ? offered : ['Coding'];
  return [...new Set(type === 'open-choice' ? [...wanted, 'String'] : wanted)];
}

function isOption(option: Json, type: string, value: unknown): boolean {
  const offered = optionValue(option);
  if (offered?.type !== type) return false;
  if (!isObject(value) || !isObject(offered.value)) return equal(value, offered.value);
  const { value: wanted } = offered;
  const keys = type === 'Reference' ? ['reference'] : ['system', 'code'];
  const isNamed = keys.some((key) => wanted[key] !== undefined);
  return (isNamed ? keys : ['display']).every((key) => equal(value[key] ?? null, wanted[key] ?? null));
}

const exclusive = 'http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive';

function isExclusive({ extension }: Json): boolean {
  const all: readonly unknown[] = Array.isArray(extension) ? extension : [];
  return all.some((one) => isObject(one) && one['url'] === exclusive && one['valueBoolean'] === true);
}

interface Given {
  readonly type: string;
  readonly value: unknown;
  readonly path: string;
  /** How many answers there are. */
  readonly of: number;
}

function checkOptions(findings: Findings, question: Question, { type, value, path, of }: Given): void {
  const { options, valueSet } = question;
  // Of an open choice, text is what is in no list.
  const isFree = question.type === 'open-choice' && type === 'String';
  if (options.length > 0) {
    const option = options.find((one) => isOption(one, type, value));
    if (!option && !isFree)
      report(findings, 'code-invalid', `${show(value)} is none of the options of ${question.linkId}.`, path);
    if (option && of > 1 && isExclusive(option))
      report(findings, 'business-rule', `${show(value)} excludes every other answer.`, path);
    return;
  }
  if (valueSet !== undefined && type === 'Coding' && isObject(value))
    findings.chosen.push({ coding: value, valueSet, path });
}

function checkUnit(findings: Findings, question: Question, { value, path }: Given): void {
  const [valueSet] = limitsOf(question, 'questionnaire-unitValueSet');
  if (typeof valueSet !== 'string' || !isObject(value)) return;
  const { system, code } = value;
  if (code === undefined) report(findings, 'code-invalid', `The unit has no code of ${valueSet}.`, path);
  else findings.chosen.push({ coding: { ...(system === undefined ? {} : { system }), code }, valueSet, path });
}

function checkValue(findings: Findings, question: Question, given: Given): void {
  const wanted = typesOf(question);
  if (wanted.length > 0 && !wanted.includes(given.type)) {
    const what = `The question ${question.linkId} is answered by ${wanted.join(' or ')}, not by ${given.type}.`;
    report(findings, 'structure', what, given.path);
    return;
  }
  checkOptions(findings, question, given);
  for (const problem of limitProblems(question, given.value)) report(findings, 'value', problem, given.path);
  if (question.type === 'quantity') checkUnit(findings, question, given);
}

interface Answers {
  readonly answers: readonly Json[];
  /** Of the item. */
  readonly path: string;
  readonly finished: boolean;
}

function checkCount(findings: Findings, question: Question, { answers, path, finished }: Answers): void {
  const count = answers.length;
  if (count > 1 && !question.repeats)
    report(findings, 'structure', `The question ${question.linkId} may have one answer, found ${count}.`, path);
  const [least] = limitsOf(question, 'questionnaire-minOccurs').map(Number);
  const [most] = limitsOf(question, 'questionnaire-maxOccurs').map(Number);
  if (least !== undefined && finished && count < least)
    report(findings, 'structure', `The question ${question.linkId} has ${count} answers, ${least} are wanted.`, path);
  if (most !== undefined && count > most)
    report(findings, 'structure', `The question ${question.linkId} has ${count} answers, ${most} are allowed.`, path);
}

/** Checks the values of an item's answers, and how many there are. */
export function checkAnswers(findings: Findings, question: Question, given: Answers): void {
  checkCount(findings, question, given);
  const { answers, path } = given;
  answers.forEach((answer, at) => {
    const found = choiceOf(answer, 'value');
    const place = `${path}.answer[${at}]`;
    if (found) checkValue(findings, question, { ...found, path: `${place}.value`, of: answers.length });
  });
}
