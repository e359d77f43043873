/**
 * What R4 says in words of code systems and value sets.
 * https://hl7.org/fhir/R4/codesystem-definitions.html, https://hl7.org/fhir/R4/valueset-definitions.html
 */
import type { Issue } from '../../shared/errors.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';

type Report = (code: string, diagnostics: string, below: string) => Issue;

function reporter(path: string): Report {
  return (code, diagnostics, below) => ({ severity: 'error', code, diagnostics, expression: [`${path}.${below}`] });
}

const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

function countOf(concepts: unknown): number {
  return objects(concepts).reduce((sum, { concept }) => sum + 1 + countOf(concept), 0);
}

/** `content` and `count` against the concepts that are there, `supplements` against `content`. */
export function codeSystemIssues(system: Json, path: string): readonly Issue[] {
  const report = reporter(path);
  const { content, count, concept, supplements } = system;
  const actual = countOf(concept);
  const issues: Issue[] = [];
  if (content === 'complete' && typeof count === 'number' && actual > 0 && count !== actual)
    issues.push(report('value', `The count is ${count}, but the code system has ${actual} concepts.`, 'count'));
  if (content === 'not-present' && actual > 0)
    issues.push(report('business-rule', 'There are concepts, but the content says that there are none.', 'content'));
  if (supplements !== undefined && content !== 'supplement')
    issues.push(report('business-rule', 'What supplements another code system has the content supplement.', 'content'));
  return issues;
}

const absolute = /^[a-z][a-z0-9+.-]*:/i;

/** Code systems of a value set are named by absolute URIs. */
export function valueSetIssues({ compose }: Json, path: string): readonly Issue[] {
  if (!isObject(compose)) return [];
  const report = reporter(path);
  return ['include', 'exclude'].flatMap((part) =>
    objects(compose[part]).flatMap(({ system }, at) =>
      typeof system === 'string' && !absolute.test(system)
        ? [
            report(
              'value',
              `The code system ${JSON.stringify(system)} must be an absolute URI.`,
              `compose.${part}[${at}].system`,
            ),
          ]
        : [],
    ),
  );
}
