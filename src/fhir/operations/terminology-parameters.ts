/** What the operations on terminology have in common: parameters, the instance that is meant, the service itself. */
import type { OperationDefinition, OperationDefinitionParameter, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { read } from '../interactions/read.ts';
import type { Definition } from '../terminology/source.ts';
import type { Asked, Terminology } from '../terminology/terminology.ts';
import type { Call, In } from './operation.ts';

type Type = NonNullable<OperationDefinitionParameter['type']>;

/** Medplum's types have no abstract types among those of an operation. */
const anyResource = 'Resource' as Type;

export function input(name: string, type: Type, max = '1', min = 0): OperationDefinitionParameter {
  return { name, use: 'in', min, max, type };
}

export function output(name: string, type: Type, max = '1', min = 0): OperationDefinitionParameter {
  return { name, use: 'out', min, max, type };
}

/** Parts have no direction of their own. */
export function parts(
  parameter: Omit<OperationDefinitionParameter, 'type'>,
  ...part: OperationDefinitionParameter[]
): OperationDefinitionParameter {
  return { ...parameter, part };
}

/**
 * Definitions that come with the question, as HL7's terminology ecosystem has it; `cache-id` names them for servers that
 * keep them, which this one does not.
 * https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/
 */
export const withResources = [input('tx-resource', anyResource, '*'), input('cache-id', 'id')];

/** https://hl7.org/fhir/R4/valueset-operation-expand.html */
export const versionPins = [
  input('system-version', 'canonical', '*'),
  input('check-system-version', 'canonical', '*'),
  input('force-system-version', 'canonical', '*'),
];

/** An OperationDefinition of R4 with what this server adds to it. */
export function definition(
  own: Pick<OperationDefinition, 'name' | 'title' | 'code' | 'description'> &
    Partial<OperationDefinition> & { readonly id: string },
): OperationDefinition {
  return {
    resourceType: 'OperationDefinition',
    url: `http://hl7.org/fhir/OperationDefinition/${own.id}`,
    status: 'active',
    kind: 'operation',
    affectsState: false,
    system: false,
    type: true,
    instance: true,
    ...own,
  };
}

export function terminologyOf({ terminology }: Context): Terminology {
  if (!terminology) throw new FhirError('unsupported', 'This server has no terminology service.');
  return terminology;
}

/** A boolean parameter; undefined when it is not given. */
export function flag(parameters: In, name: string): boolean | undefined {
  const text = parameters.one(name);
  return text === undefined ? undefined : text === 'true';
}

/** A whole number of 0 or more. Throws `invalid` for any other. */
export function whole(parameters: In, name: string): number | undefined {
  const text = parameters.one(name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new FhirError('invalid', `The parameter ${name} is a whole number of 0 or more, not ${text}.`, {
      expression: [name],
    });
  }
  return number;
}

const isDefinition = ({ resourceType }: Resource) =>
  resourceType === 'CodeSystem' || resourceType === 'ValueSet' || resourceType === 'ConceptMap';

/** What every question to the service is made of. */
export function askedOf({ access }: Context, parameters: In): Asked {
  const displayLanguage = parameters.one('displayLanguage');
  const date = parameters.one('date');
  const resources = parameters
    .resources('tx-resource')
    .map(({ resource }) => resource)
    .filter(isDefinition) as Definition[];
  return {
    access,
    ...(resources.length > 0 ? { resources } : {}),
    ...(displayLanguage === undefined ? {} : { displayLanguage }),
    ...(date === undefined ? {} : { date }),
    systemVersion: parameters.all('system-version'),
    checkSystemVersion: parameters.all('check-system-version'),
    forceSystemVersion: parameters.all('force-system-version'),
  };
}

/** The stored resource that the operation was called on; undefined at the level of the type. */
export async function instanceOf<T extends Resource>(context: Context, { type, id }: Call): Promise<T | undefined> {
  if (id === '') return undefined;
  const { text = '' } = await read(context, { type, id });
  return JSON.parse(text) as T;
}

/** A resource that came as a parameter. */
export function resourceOf<T extends Resource>(parameters: In, name: string): T | undefined {
  return parameters.resource(name)?.resource as T | undefined;
}

/** `url` with the version that was given beside it. */
export function versioned(url: string | undefined, version: string | undefined): string | undefined {
  return url === undefined || version === undefined || url.includes('|') ? url : `${url}|${version}`;
}

/** Throws `invalid` unless exactly one of the parameters was given. */
export function demandOne(given: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(given);
  const count = Object.values(given).filter((one) => one !== undefined).length;
  if (count === 1) return;
  const what = count === 0 ? 'is missing' : 'may be given only';
  throw new FhirError('invalid', `One of the parameters ${names.join(', ')} ${what}.`, { expression: names });
}
