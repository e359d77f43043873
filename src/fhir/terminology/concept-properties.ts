/**
 * Definitions and properties in an expansion: R4 has no place for them, so they go where R5's go when they are written in R4.
 * https://hl7.org/fhir/5.0/versions.html#extensions
 */
import type { Extension } from '@medplum/fhirtypes';
import type { Hit } from './membership.ts';
import type { ExpandAsked } from './terminology.ts';

const url = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property';

function property(code: string, value: Omit<Extension, 'url'>): Extension {
  return {
    url,
    extension: [
      { url: 'code', valueCode: code },
      { url: 'value', ...value },
    ],
  };
}

export function conceptProperties({ concept }: Hit, { properties = [] }: ExpandAsked): Extension[] {
  const all = properties.includes('*');
  const own = concept.property
    .filter(({ code = '' }) => all || properties.includes(code))
    .map(({ code = '', id: _, extension: __, ...value }) => property(code, value as Omit<Extension, 'url'>));
  return properties.includes('definition') && concept.definition !== undefined
    ? [property('definition', { valueString: concept.definition }), ...own]
    : own;
}
