/**
 * The categories by which SMART lets access to a type be narrowed, with the systems that their codes are of.
 * https://hl7.org/fhir/us/core/scopes.html, https://hl7.org/fhir/R4/valueset-observation-category.html
 */

export interface Category {
  readonly system: string;
  readonly code: string;
}

const observation = 'http://terminology.hl7.org/CodeSystem/observation-category';
const condition = 'http://terminology.hl7.org/CodeSystem/condition-category';
const usCore = 'http://hl7.org/fhir/us/core/CodeSystem';

const of = (system: string, ...codes: readonly string[]): readonly Category[] =>
  codes.map((code) => ({ system, code }));

const categories: Readonly<Record<string, readonly Category[]>> = {
  Observation: [
    ...of(observation, 'laboratory', 'vital-signs', 'social-history', 'survey'),
    ...of(observation, 'imaging', 'procedure', 'exam', 'therapy', 'activity'),
    ...of(`${usCore}/us-core-category`, 'sdoh'),
    ...of(`${usCore}/us-core-observation-category`, 'clinical-test'),
  ],
  Condition: [
    ...of(condition, 'encounter-diagnosis', 'problem-list-item'),
    ...of(`${usCore}/condition-category`, 'health-concern'),
  ],
};

/** The categories of a type; none for a type that has none of its own. */
export function categoriesOf(type: string): readonly Category[] {
  return categories[type] ?? [];
}
