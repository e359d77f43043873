/**
 * CodeSystem/$subsumes: whether one code is above another.
 * https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
 */
import type { CodeSystem, Coding } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import type { Call, In, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
import {
  askedOf,
  definition,
  demandOne,
  input,
  instanceOf,
  output,
  terminologyOf,
  withResources,
} from './terminology-parameters.ts';

export const subsumes: Operation = {
  definition: definition({
    id: 'CodeSystem-subsumes',
    name: 'Subsumes',
    title: 'Subsumption Testing',
    code: 'subsumes',
    resource: ['CodeSystem'],
    description: 'How two codes stand to one another in the hierarchy of their system.',
    parameter: [
      input('codeA', 'code'),
      input('codeB', 'code'),
      input('system', 'uri'),
      input('version', 'string'),
      input('codingA', 'Coding'),
      input('codingB', 'Coding'),
      ...withResources,
      output('outcome', 'code', '1', 1),
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run,
};

function codingOf(parameters: In, letter: 'A' | 'B', system: string | undefined): Coding {
  const code = parameters.one(`code${letter}`);
  const coding = parameters.value<Coding>(`coding${letter}`);
  demandOne({ [`code${letter}`]: code, [`coding${letter}`]: coding });
  return coding ?? present({ system, code });
}

async function run(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const instance = await instanceOf<CodeSystem>(context, call);
  const named = instance?.url ?? parameters.one('system');
  const [a, b] = [codingOf(parameters, 'A', named), codingOf(parameters, 'B', named)];
  const system = named ?? a.system ?? b.system;
  if (system === undefined || a.code === undefined || b.code === undefined) {
    throw new FhirError('invalid', 'Two codes are compared in their system: give all three.', {
      expression: ['system'],
    });
  }
  if ([a, b].some((coding) => coding.system !== undefined && coding.system !== system)) {
    throw new FhirError('invalid', 'Both codes have to be of the same system.', { expression: ['codingB.system'] });
  }
  const asked = askedOf(context, parameters);
  const resources = instance ? [instance, ...(asked.resources ?? [])] : asked.resources;
  const version = instance ? instance.version : (parameters.one('version') ?? a.version ?? b.version);
  const outcome = await terminologyOf(context).subsumes({
    ...asked,
    system,
    codeA: a.code,
    codeB: b.code,
    ...present({ version, resources }),
  });
  return parametersReply([{ name: 'outcome', valueCode: outcome }]);
}
