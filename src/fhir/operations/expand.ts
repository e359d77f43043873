/**
 * ValueSet/$expand: the codes of a value set.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html
 */
import type { ValueSet } from '@medplum/fhirtypes';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import { valueSetOfContext } from './binding-context.ts';
import type { Call, Operation } from './operation.ts';
import { resourceReply } from './parameters-out.ts';
import {
  askedOf,
  definition,
  demandOne,
  flag,
  input,
  instanceOf,
  output,
  resourceOf,
  terminologyOf,
  versioned,
  versionPins,
  whole,
  withResources,
} from './terminology-parameters.ts';

export const expand: Operation = {
  definition: definition({
    id: 'ValueSet-expand',
    name: 'Expand',
    title: 'Value Set Expansion',
    code: 'expand',
    resource: ['ValueSet'],
    description: 'The codes of a value set, whole or in pages.',
    parameter: [
      input('url', 'uri'),
      input('valueSet', 'ValueSet'),
      input('valueSetVersion', 'string'),
      input('context', 'uri'),
      input('contextDirection', 'code'),
      input('filter', 'string'),
      input('date', 'dateTime'),
      input('offset', 'integer'),
      input('count', 'integer'),
      input('includeDesignations', 'boolean'),
      input('designation', 'string', '*'),
      input('includeDefinition', 'boolean'),
      input('activeOnly', 'boolean'),
      input('excludeNested', 'boolean'),
      input('excludeNotForUI', 'boolean'),
      input('excludePostCoordinated', 'boolean'),
      input('displayLanguage', 'code'),
      input('exclude-system', 'canonical', '*'),
      input('property', 'string', '*'),
      ...versionPins,
      ...withResources,
      output('return', 'ValueSet', '1', 1),
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run,
};

async function run(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const instance = await instanceOf<ValueSet>(context, call);
  const valueSet = instance ?? resourceOf<ValueSet>(parameters, 'valueSet');
  // https://hl7.org/fhir/R4/valueset-operation-expand.html: what may be chosen and what may be met are the same set here.
  const bound = parameters.one('context');
  const named = versioned(parameters.one('url'), parameters.one('valueSetVersion'));
  demandOne({ url: named, valueSet, context: bound });
  const url = bound === undefined ? named : await valueSetOfContext(context, bound);
  const expanded = await terminologyOf(context).expand({
    ...askedOf(context, parameters),
    ...present({
      url,
      valueSet,
      filter: parameters.one('filter'),
      offset: whole(parameters, 'offset'),
      count: whole(parameters, 'count'),
      includeDesignations: flag(parameters, 'includeDesignations'),
      includeDefinition: flag(parameters, 'includeDefinition'),
      activeOnly: flag(parameters, 'activeOnly'),
      excludeNested: flag(parameters, 'excludeNested'),
      excludeNotForUI: flag(parameters, 'excludeNotForUI'),
      excludePostCoordinated: flag(parameters, 'excludePostCoordinated'),
    }),
    designations: parameters.all('designation'),
    excludeSystem: parameters.all('exclude-system'),
    properties: parameters.all('property'),
  });
  return resourceReply({ text: JSON.stringify(expanded) });
}
