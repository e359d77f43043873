/**
 * The operators of assertions: what was found against what is wanted.
 * https://hl7.org/fhir/R4/valueset-assert-operator-codes.html
 */

export type Operator = (found: string | undefined, wanted: string) => boolean;

const listOf = (wanted: string) => wanted.split(',').map((one) => one.trim());

/** Below 0, 0, above 0; numbers as numbers, dates as instants. Throws for what has no order. */
function order(found: string, wanted: string): number {
  const numbers = [Number(found), Number(wanted)] as const;
  if (found.trim() !== '' && wanted.trim() !== '' && numbers.every(Number.isFinite)) return numbers[0] - numbers[1];
  const instants = [Date.parse(found), Date.parse(wanted)] as const;
  if (instants.every(Number.isFinite)) return instants[0] - instants[1];
  throw new Error(`${JSON.stringify(found)} and ${JSON.stringify(wanted)} have no order: neither numbers nor dates.`);
}

/** All but `eval`, which is of expressions alone. */
export const operators: Readonly<Record<string, Operator>> = {
  equals: (found, wanted) => found === wanted,
  notEquals: (found, wanted) => found !== wanted,
  in: (found, wanted) => found !== undefined && listOf(wanted).includes(found),
  notIn: (found, wanted) => found === undefined || !listOf(wanted).includes(found),
  greaterThan: (found, wanted) => found !== undefined && order(found, wanted) > 0,
  lessThan: (found, wanted) => found !== undefined && order(found, wanted) < 0,
  empty: (found) => found === undefined || found === '',
  notEmpty: (found) => found !== undefined && found !== '',
  contains: (found, wanted) => found?.includes(wanted) === true,
  notContains: (found, wanted) => found?.includes(wanted) !== true,
};

/** Whether the operator needs no value to compare with. */
export const isUnary = (operator: string): boolean => operator === 'empty' || operator === 'notEmpty';
