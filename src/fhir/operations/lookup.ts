/**
 * CodeSystem/$lookup: what a code means.
 * https://hl7.org/fhir/R4/codesystem-operation-lookup.html
 */
import type { Coding } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import type { Call, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
import {
  askedOf,
  definition,
  demandOne,
  input,
  output,
  parts,
  terminologyOf,
  withResources,
} from './terminology-parameters.ts';

export const lookup: Operation = {
  definition: definition({
    id: 'CodeSystem-lookup',
    name: 'Lookup',
    title: 'Concept Look Up & Decomposition',
    code: 'lookup',
    resource: ['CodeSystem'],
    description: 'The names and properties of a code.',
    instance: false,
    parameter: [
      input('code', 'code'),
      input('system', 'uri'),
      input('version', 'string'),
      input('coding', 'Coding'),
      input('date', 'dateTime'),
      input('displayLanguage', 'code'),
      input('property', 'code', '*'),
      ...withResources,
      output('name', 'string', '1', 1),
      output('version', 'string'),
      output('display', 'string', '1', 1),
      output('system', 'uri'),
      output('code', 'code'),
      output('abstract', 'boolean'),
      output('definition', 'string'),
      parts(
        { name: 'designation', use: 'out', min: 0, max: '*' },
        output('language', 'code'),
        output('use', 'Coding'),
        output('value', 'string', '1', 1),
      ),
      parts(
        { name: 'property', use: 'out', min: 0, max: '*' },
        output('code', 'code', '1', 1),
        output('value', 'Element' as 'string'),
        output('description', 'string'),
        parts(
          { name: 'subproperty', use: 'out', min: 0, max: '*' },
          output('code', 'code', '1', 1),
          output('value', 'Element' as 'string', '1', 1),
          output('description', 'string'),
        ),
      ),
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run,
};

async function run(context: Context, { parameters }: Call): Promise<Reply> {
  const text = parameters.one('code');
  const coding = parameters.value<Coding>('coding');
  demandOne({ code: text, coding });
  const code = text ?? coding?.code;
  const system = text === undefined ? coding?.system : parameters.one('system');
  if (code === undefined || system === undefined) {
    const where = coding ? 'coding' : 'system';
    throw new FhirError('invalid', 'A code is looked up in its system: give both.', { expression: [where] });
  }
  const version = parameters.one('version') ?? coding?.version;
  const found = await terminologyOf(context).lookup({
    ...askedOf(context, parameters),
    system,
    code,
    ...present({ version }),
    properties: parameters.all('property'),
  });
  return parametersReply(found);
}
