/**
 * JSON Schemas of R4 types. Plain keywords check values; `fhirElement` checks the object as FHIR's JSON has it (elements
 * known, required, one of a choice, `_name` siblings), `fhirBinding` its codes and `fhirType` a complex value by its type's
 * own schema, which is compiled only when such a value occurs.
 * https://hl7.org/fhir/R4/json.html
 */
import { isPrimitive, type Property, properties, typeDefinition } from '../definitions/types.ts';
import { codesOf } from '../definitions/value-sets.ts';
import { primitiveSchema } from './primitives.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** Codes of a required binding of a `code`, when they can be listed. */
function boundCodes({ element, type }: Property): readonly string[] | undefined {
  const { strength, valueSet } = element.binding ?? {};
  if (strength !== 'required' || valueSet === undefined || type.code !== 'code') return undefined;
  const codes = codesOf(valueSet);
  return codes && [...new Set([...codes.values()].flatMap((set) => [...set]))];
}

function primitive(property: Property, inArray: boolean): Schema {
  const codes = boundCodes(property);
  if (codes) return { enum: inArray ? [...codes, null] : codes, fhirValueSet: property.element.binding?.valueSet };
  const schema = primitiveSchema(property.type.code);
  return { ...schema, ...(inArray ? { type: [schema['type'], 'null'] } : {}) };
}

const concepts = new Set(['CodeableConcept', 'Coding']);

function complex({ element, type }: Property): Schema {
  if (type.code === 'Resource') return { fhirType: 'Resource' };
  const { strength, valueSet } = element.binding ?? {};
  const bound = strength === 'required' && valueSet !== undefined && concepts.has(type.code) && codesOf(valueSet);
  return { fhirType: type.profile ?? type.code, ...(bound ? { fhirBinding: valueSet } : {}) };
}

function valueSchema(property: Property): Schema {
  const { element, type } = property;
  const inArray = element.max !== 1;
  const items = isPrimitive(type.code) ? primitive(property, inArray) : complex(property);
  if (!inArray) return items;
  return {
    type: 'array',
    minItems: Math.max(1, element.min),
    ...(element.max === null ? {} : { maxItems: element.max }),
    items,
  };
}

function siblingSchema({ element }: Property): Schema {
  return element.max === 1 ? { fhirType: 'Element' } : { type: 'array', minItems: 1, items: { fhirType: 'Element?' } };
}

function* propertySchemas(type: string): Generator<[string, Schema]> {
  for (const property of properties(type).values()) {
    yield [property.json, valueSchema(property)];
    // Ids and urls of elements are attributes in XML: they cannot have extensions; nor can XHTML.
    if (isPrimitive(property.type.code) && !property.element.xml) yield [`_${property.json}`, siblingSchema(property)];
  }
}

/** The schema of a type; `Element?` is an Element or null. */
export function schemaOf(name: string): Schema {
  const type = name.replace('?', '');
  const isResource = typeDefinition(type)?.kind === 'resource';
  return {
    $id: name,
    type: name === type ? 'object' : ['object', 'null'],
    fhirElement: type,
    properties: {
      ...(isResource ? { resourceType: { const: type } } : {}),
      ...Object.fromEntries(propertySchemas(type)),
    },
  };
}
