/**
 * Which profiles this installation asks of which types, as its administrator writes it: JSON, or a file that holds it.
 * `{"enforced": {"Patient": ["http://..."], "*": []}, "unknown": "warning", "answers": "ignore"}`
 */
import { readFileSync } from 'node:fs';
import { isResourceType } from '../definitions/types.ts';
import { isObject } from '../fhirpath/collection.ts';
import type { ProfilePolicy } from './validator.ts';

const grades = ['error', 'warning', 'ignore'] as const;

function parsed(given: string): unknown {
  const text = given.trimStart().startsWith('{') ? given : readFileSync(given, 'utf8');
  return JSON.parse(text);
}

function enforcedOf(value: unknown): ProfilePolicy['enforced'] {
  if (value === undefined) return {};
  if (!isObject(value)) throw new Error('"enforced" must be an object: lists of profiles by resource type.');
  for (const [type, urls] of Object.entries(value)) {
    if (type !== '*' && !isResourceType(type)) throw new Error(`${JSON.stringify(type)} is no resource type of R4.`);
    if (!Array.isArray(urls) || !urls.every((url) => typeof url === 'string'))
      throw new Error(`The profiles of ${type} must be a list of URLs.`);
  }
  return value as ProfilePolicy['enforced'];
}

function unknownOf(value: unknown = 'warning'): ProfilePolicy['unknown'] {
  const grade = grades.find((one) => one === value);
  if (!grade) throw new Error(`"unknown" is one of ${grades.join(', ')}, not ${JSON.stringify(value)}.`);
  return grade;
}

/** Whether responses are refused for contradicting their Questionnaires. */
function answersOf(value: unknown = 'ignore'): NonNullable<ProfilePolicy['answers']> {
  if (value === 'error' || value === 'ignore') return value;
  throw new Error(`"answers" is error or ignore, not ${JSON.stringify(value)}.`);
}

const names = new Set(['enforced', 'unknown', 'answers']);

/** Reads LIVEDOC_PROFILES. Throws an Error that says what is wrong with it. */
export function readPolicy(given: string): ProfilePolicy {
  try {
    const value = parsed(given);
    if (!isObject(value)) throw new Error('It must be a JSON object.');
    const strange = Object.keys(value).find((key) => !names.has(key));
    if (strange !== undefined) throw new Error(`${JSON.stringify(strange)} means nothing.`);
    return {
      enforced: enforcedOf(value['enforced']),
      unknown: unknownOf(value['unknown']),
      answers: answersOf(value['answers']),
    };
  } catch (cause) {
    throw new Error(`LIVEDOC_PROFILES: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
