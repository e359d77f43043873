/**
 * Whether a question may be answered, given the other answers.
 * https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
 */
import { compare, equal, isObject, type Json } from '../../fhirpath/collection.ts';
import { type Condition, choiceOf, objects, type Question } from './form.ts';

/** The response items among which an item stands, from its own siblings outwards, each with the item's (or its ancestor's) place. */
export interface Trail {
  readonly siblings: readonly Json[];
  /** The number of siblings for an item that is not there. */
  readonly at: number;
  readonly outer: Trail | undefined;
}

function inside(item: Json): readonly Json[] {
  return [...objects(item['item']), ...objects(item['answer']).flatMap((answer) => objects(answer['item']))];
}

/** The first occurrence of the question in the item, itself included. */
function within(item: Json, linkId: string): Json | undefined {
  if (item['linkId'] === linkId) return item;
  for (const one of inside(item)) {
    const found = within(one, linkId);
    if (found) return found;
  }
  return undefined;
}

/** The nearest occurrence: an ancestor, otherwise what comes before, otherwise what comes after. */
function nearest(trail: Trail, linkId: string): Json | undefined {
  for (let up = trail.outer; up; up = up.outer) {
    const ancestor = up.siblings[up.at];
    if (ancestor?.['linkId'] === linkId) return ancestor;
  }
  for (let level: Trail | undefined = trail; level; level = level.outer) {
    const before = level.siblings.slice(0, level.at).toReversed();
    for (const one of [...before, ...level.siblings.slice(level.at + 1)]) {
      const found = within(one, linkId);
      if (found) return found;
    }
  }
  return undefined;
}

function isSame(answer: unknown, wanted: unknown): boolean {
  if (!isObject(answer) || !isObject(wanted)) return equal(answer, wanted);
  // A display, or a version, is no part of what was chosen.
  const keys = 'code' in wanted ? ['system', 'code'] : 'reference' in wanted ? ['reference'] : Object.keys(wanted);
  return keys.every((key) => wanted[key] === undefined || equal(answer[key], wanted[key]));
}

const orders = new Set(['>', '<', '>=', '<=']);

/** https://hl7.org/fhir/R4/codesystem-questionnaire-enable-operator.html */
function holds({ operator, answer }: Condition, answers: readonly unknown[]): boolean {
  if (operator === 'exists') return answers.length > 0 === (answer === true);
  if (operator === '=') return answers.some((one) => isSame(one, answer));
  if (operator === '!=') return !answers.some((one) => isSame(one, answer));
  return orders.has(operator) && answers.some((one) => compare(operator as '>', one, answer) === true);
}

/** The answers that an item gives: those with a value. */
export function answersOf(item: Json | undefined): readonly unknown[] {
  return objects(item?.['answer']).flatMap((answer) => {
    const { value } = choiceOf(answer, 'value') ?? {};
    return value === undefined ? [] : [value];
  });
}

/** Whether the conditions of the question allow it to be answered at this place. */
export function isEnabled({ enableWhen, any }: Question, trail: Trail): boolean {
  if (enableWhen.length === 0) return true;
  const test = (condition: Condition) => holds(condition, answersOf(nearest(trail, condition.question)));
  return any ? enableWhen.some(test) : enableWhen.every(test);
}
