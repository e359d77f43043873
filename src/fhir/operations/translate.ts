/**
 * ConceptMap/$translate: a code in other words.
 * https://hl7.org/fhir/R4/conceptmap-operation-translate.html
 */
import type { CodeableConcept, Coding, ConceptMap } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import type { Match } from '../terminology/terminology.ts';
import type { Call, In, Operation } from './operation.ts';
import { type Out, parametersReply } from './parameters-out.ts';
import {
  askedOf,
  definition,
  demandOne,
  flag,
  input,
  instanceOf,
  output,
  parts,
  resourceOf,
  terminologyOf,
  withResources,
} from './terminology-parameters.ts';

export const translate: Operation = {
  definition: definition({
    id: 'ConceptMap-translate',
    name: 'Translate',
    title: 'Concept Translation',
    code: 'translate',
    resource: ['ConceptMap'],
    description: 'The codes that concept maps give for a code.',
    parameter: [
      input('url', 'uri'),
      input('conceptMap', 'ConceptMap'),
      input('conceptMapVersion', 'string'),
      input('code', 'code'),
      input('system', 'uri'),
      input('version', 'string'),
      input('source', 'uri'),
      input('coding', 'Coding'),
      input('codeableConcept', 'CodeableConcept'),
      input('target', 'uri'),
      input('targetsystem', 'uri'),
      parts(
        { name: 'dependency', use: 'in', min: 0, max: '*' },
        input('element', 'uri'),
        input('concept', 'CodeableConcept'),
      ),
      input('reverse', 'boolean'),
      ...withResources,
      output('result', 'boolean', '1', 1),
      output('message', 'string'),
      parts(
        { name: 'match', use: 'out', min: 0, max: '*' },
        output('equivalence', 'code'),
        output('concept', 'Coding'),
        parts({ name: 'product', use: 'out', min: 0, max: '*' }, output('element', 'uri'), output('concept', 'Coding')),
        output('source', 'uri'),
      ),
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run,
};

function codingsOf(parameters: In): readonly Coding[] {
  const code = parameters.one('code');
  const coding = parameters.value<Coding>('coding');
  const concept = parameters.value<CodeableConcept>('codeableConcept');
  demandOne({ code, coding, codeableConcept: concept });
  if (concept) return concept.coding ?? [];
  if (coding) return [coding];
  const system = parameters.one('system');
  if (system === undefined) {
    throw new FhirError('invalid', 'A code is translated from its system: give both.', { expression: ['system'] });
  }
  return [present({ code, system, version: parameters.one('version') })];
}

function dependenciesOf(parameters: In) {
  return parameters.parts('dependency').flatMap((part) => {
    const element = part.one('element');
    const concept = part.value<CodeableConcept>('concept');
    return element === undefined || concept === undefined ? [] : [{ element, concept }];
  });
}

function matchOut({ equivalence, concept, product = [], source }: Match): Out {
  return {
    name: 'match',
    part: [
      { name: 'equivalence', valueCode: equivalence },
      ...(concept.code === undefined ? [] : [{ name: 'concept', valueCoding: concept }]),
      ...product.map((one) => ({
        name: 'product',
        part: [
          { name: 'element', valueUri: one.element },
          { name: 'concept', valueCoding: one.concept },
        ],
      })),
      ...(source === undefined ? [] : [{ name: 'source', valueUri: source }]),
    ],
  };
}

async function run(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const conceptMap = (await instanceOf<ConceptMap>(context, call)) ?? resourceOf<ConceptMap>(parameters, 'conceptMap');
  const { result, message, matches } = await terminologyOf(context).translate({
    ...askedOf(context, parameters),
    codings: codingsOf(parameters),
    dependencies: dependenciesOf(parameters),
    ...present({
      conceptMap,
      url: parameters.one('url'),
      version: parameters.one('conceptMapVersion'),
      source: parameters.one('source'),
      target: parameters.one('target'),
      targetSystem: parameters.one('targetsystem'),
      reverse: flag(parameters, 'reverse'),
    }),
  });
  return parametersReply([
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...matches.map(matchOut),
  ]);
}
