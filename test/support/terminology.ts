/** Small terminology of nobody's for tests: an animal taxonomy with French names. */
import type { CodeSystem, ConceptMap, ValueSet } from '@medplum/fhirtypes';

export const animals = 'http://example.org/CodeSystem/animals';

export const animalSystem: CodeSystem = {
  resourceType: 'CodeSystem',
  url: animals,
  version: '2.0',
  name: 'Animals',
  title: 'Animals of the farm',
  status: 'active',
  language: 'en',
  caseSensitive: true,
  content: 'complete',
  hierarchyMeaning: 'is-a',
  valueSet: 'http://example.org/ValueSet/all-animals',
  property: [
    { code: 'legs', type: 'integer' },
    { code: 'diet', type: 'code' },
    { code: 'group', uri: 'http://hl7.org/fhir/concept-properties#notSelectable', type: 'boolean' },
    { code: 'inactive', uri: 'http://hl7.org/fhir/concept-properties#inactive', type: 'boolean' },
    { code: 'parent', uri: 'http://hl7.org/fhir/concept-properties#parent', type: 'code' },
  ],
  concept: [
    {
      code: 'mammal',
      display: 'Mammal',
      definition: 'Has hair and gives milk.',
      designation: [{ language: 'fr', value: 'Mammifère' }],
      property: [{ code: 'group', valueBoolean: true }],
      concept: [
        {
          code: 'cow',
          display: 'Cow',
          designation: [
            { language: 'fr', value: 'Vache' },
            { language: 'de', value: 'Kuh' },
          ],
          property: [
            { code: 'legs', valueInteger: 4 },
            { code: 'diet', valueCode: 'grass' },
          ],
          concept: [{ code: 'calf', display: 'Calf', designation: [{ language: 'fr', value: 'Veau' }] }],
        },
        { code: 'pig', display: 'Pig', property: [{ code: 'legs', valueInteger: 4 }] },
      ],
    },
    {
      code: 'bird',
      display: 'Bird',
      property: [{ code: 'group', valueBoolean: true }],
      concept: [
        { code: 'hen', display: 'Hen', property: [{ code: 'legs', valueInteger: 2 }] },
        { code: 'dodo', display: 'Dodo', property: [{ code: 'inactive', valueBoolean: true }] },
      ],
    },
    {
      code: 'platypus',
      display: 'Platypus',
      property: [{ code: 'parent', valueCode: 'mammal' }],
    },
  ],
};

/** A value set of one include, or of a whole compose. */
export function valueSet(name: string, ...include: NonNullable<ValueSet['compose']>['include']): ValueSet {
  return {
    resourceType: 'ValueSet',
    url: `http://example.org/ValueSet/${name}`,
    version: '1.0',
    name,
    status: 'active',
    compose: { include },
  };
}

export const soundMap: ConceptMap = {
  resourceType: 'ConceptMap',
  url: 'http://example.org/ConceptMap/sounds',
  status: 'active',
  sourceUri: 'http://example.org/ValueSet/all-animals',
  targetUri: 'http://example.org/ValueSet/sounds',
  group: [
    {
      source: animals,
      target: 'http://example.org/CodeSystem/sounds',
      element: [
        { code: 'cow', target: [{ code: 'moo', display: 'Moo', equivalence: 'equivalent' }] },
        { code: 'pig', target: [{ code: 'grunt', equivalence: 'wider' }] },
        { code: 'platypus', target: [{ equivalence: 'unmatched' }] },
        {
          code: 'hen',
          target: [
            {
              code: 'cluck',
              equivalence: 'narrower',
              comment: 'Only one of its sounds.',
              dependsOn: [{ property: 'http://example.org/mood', system: 'http://example.org/moods', value: 'calm' }],
              product: [{ property: 'http://example.org/volume', system: 'http://example.org/volumes', value: 'low' }],
            },
          ],
        },
      ],
      unmapped: { mode: 'fixed', code: 'silence', display: 'Silence' },
    },
  ],
};
