/**
 * CodeSystem/$find-matches: the codes that have the properties given.
 * https://hl7.org/fhir/R4/codesystem-operation-find-matches.html
 */
import type { CodeSystem, Coding, ParametersParameter } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import type { Wanted } from '../terminology/terminology.ts';
import type { Call, In, Operation } from './operation.ts';
import { type Out, parametersReply } from './parameters-out.ts';
import {
  askedOf,
  definition,
  flag,
  input,
  instanceOf,
  output,
  parts,
  terminologyOf,
  withResources,
} from './terminology-parameters.ts';

/** R4: code, string, boolean, integer, decimal, dateTime or Coding; one type has no name for them all. */
const anyValue = 'Element' as 'string';

export const findMatches: Operation = {
  definition: definition({
    id: 'CodeSystem-find-matches',
    name: 'FindMatches',
    title: 'Finding codes based on supplied properties',
    code: 'find-matches',
    resource: ['CodeSystem'],
    description: 'The codes of a code system that have all of the properties given.',
    parameter: [
      input('system', 'uri'),
      input('version', 'string'),
      parts(
        { name: 'property', use: 'in', min: 0, max: '*' },
        input('code', 'code', '1', 1),
        input('value', anyValue),
        parts(
          { name: 'subproperty', use: 'in', min: 0, max: '*' },
          input('code', 'code', '1', 1),
          input('value', anyValue, '1', 1),
        ),
      ),
      input('exact', 'boolean', '1', 1),
      input('compositional', 'boolean'),
      ...withResources,
      parts(
        { name: 'match', use: 'out', min: 0, max: '*' },
        output('code', 'Coding', '1', 1),
        parts(
          { name: 'unmatched', use: 'out', min: 0, max: '*' },
          output('code', 'code', '1', 1),
          output('value', anyValue, '1', 1),
        ),
        output('comment', 'string'),
      ),
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run,
};

/** The text that a property's value is compared by. */
function textOf(value: unknown): string {
  const { code } = (typeof value === 'object' && value !== null ? value : {}) as Coding;
  return code ?? String(value);
}

function wantedOf(parameters: In): readonly Wanted[] {
  return parameters.parts('property').map((part) => {
    if (part.names().includes('subproperty')) {
      throw new FhirError('unprocessable', 'No code system here has properties of properties.', {
        expression: ['property.subproperty'],
      });
    }
    const code = part.one('code') ?? '';
    const value = part.value<unknown>('value');
    return { code, ...present({ value: value === undefined ? undefined : textOf(value) }) };
  });
}

async function run(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const instance = await instanceOf<CodeSystem>(context, call);
  const system = instance?.url ?? parameters.one('system');
  if (system === undefined) {
    throw new FhirError('invalid', 'The parameter system is missing.', { expression: ['system'] });
  }
  const wanted = wantedOf(parameters);
  if (wanted.length === 0) {
    throw new FhirError('invalid', 'Say what is looked for: property.', { expression: ['property'] });
  }
  const matches = await terminologyOf(context).findMatches({
    ...askedOf(context, parameters),
    system,
    ...present({ version: instance ? instance.version : parameters.one('version') }),
    wanted,
    exact: flag(parameters, 'exact') ?? true,
  });
  return parametersReply(matches.map(matchOut));
}

function matchOut({ coding, unmatched }: { readonly coding: Coding; readonly unmatched: readonly Wanted[] }): Out {
  return {
    name: 'match',
    part: [
      { name: 'code', valueCoding: coding },
      ...unmatched.map(({ code, value }) => ({
        name: 'unmatched',
        part: [
          { name: 'code', valueCode: code },
          ...(value === undefined ? [] : [{ name: 'value', valueString: value }]),
        ] satisfies ParametersParameter[],
      })),
    ],
  };
}
