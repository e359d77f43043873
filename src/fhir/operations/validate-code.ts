/**
 * ValueSet/$validate-code and CodeSystem/$validate-code: whether a code is one of the set, and what it is called.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type {
  CodeableConcept,
  CodeSystem,
  Coding,
  OperationOutcome,
  OperationOutcomeIssue,
  ValueSet,
} from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Reply } from '../reply.ts';
import { present } from '../terminology/present.ts';
import type { ValidateAsked, Validation } from '../terminology/terminology.ts';
import { valueSetOfContext } from './binding-context.ts';
import type { Call, In, Operation } from './operation.ts';
import { parametersReply } from './parameters-out.ts';
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
  withResources,
} from './terminology-parameters.ts';

const judged = [
  input('coding', 'Coding'),
  input('codeableConcept', 'CodeableConcept'),
  input('date', 'dateTime'),
  input('abstract', 'boolean'),
  input('displayLanguage', 'code'),
  input('lenient-display-validation', 'boolean'),
  // HL7's terminology ecosystem: `lenient-display-validation` said in another way, and a wish for timings.
  input('mode', 'code'),
  input('diagnostics', 'boolean'),
  input('activeOnly', 'boolean'),
  ...versionPins,
  ...withResources,
  output('result', 'boolean', '1', 1),
  output('message', 'string'),
  output('display', 'string'),
  output('code', 'code'),
  output('system', 'uri'),
  output('version', 'string'),
  output('inactive', 'boolean'),
  output('normalized-code', 'code'),
  output('codeableConcept', 'CodeableConcept'),
  output('issues', 'OperationOutcome'),
  output('x-caused-by-unknown-system', 'canonical', '*'),
];

export const validateCodeInValueSet: Operation = {
  definition: definition({
    id: 'ValueSet-validate-code',
    name: 'ValidateCode',
    title: 'Value Set based Validation',
    code: 'validate-code',
    resource: ['ValueSet'],
    description: 'Whether a code is in a value set.',
    parameter: [
      input('url', 'uri'),
      input('context', 'uri'),
      input('valueSet', 'ValueSet'),
      input('valueSetVersion', 'string'),
      input('code', 'code'),
      input('system', 'uri'),
      input('systemVersion', 'string'),
      input('display', 'string'),
      input('inferSystem', 'boolean'),
      input('valueset-membership-only', 'boolean'),
      ...judged,
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run: inValueSet,
};

export const validateCodeInCodeSystem: Operation = {
  definition: definition({
    id: 'CodeSystem-validate-code',
    name: 'ValidateCode',
    title: 'Code System based Validation',
    code: 'validate-code',
    resource: ['CodeSystem'],
    description: 'Whether a code is in a code system.',
    parameter: [
      input('url', 'uri'),
      input('codeSystem', 'CodeSystem'),
      input('code', 'code'),
      input('version', 'string'),
      input('display', 'string'),
      ...judged,
    ],
  }),
  permissions: ['r'],
  action: 'E',
  run: inCodeSystem,
};

/** The code, coding or concept of the question: exactly one. */
function subjectOf(parameters: In, system: string | undefined, version: string | undefined): Partial<ValidateAsked> {
  const text = parameters.one('code');
  const coding = parameters.value<Coding>('coding');
  const codeableConcept = parameters.value<CodeableConcept>('codeableConcept');
  demandOne({ code: text, coding, codeableConcept });
  const display = parameters.one('display');
  const code = text === undefined ? undefined : { code: text, ...present({ system, version, display }) };
  return present({ code, coding, codeableConcept });
}

function optionsOf(parameters: In) {
  return present({
    abstract: flag(parameters, 'abstract'),
    lenientDisplay:
      flag(parameters, 'lenient-display-validation') ??
      (parameters.one('mode') === 'lenient-display-validation' ? true : undefined),
    membershipOnly: flag(parameters, 'valueset-membership-only'),
    activeOnly: flag(parameters, 'activeOnly'),
  });
}

async function inValueSet(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const instance = await instanceOf<ValueSet>(context, call);
  const valueSet = instance ?? resourceOf<ValueSet>(parameters, 'valueSet');
  const bound = parameters.one('context');
  const named = versioned(parameters.one('url'), parameters.one('valueSetVersion'));
  demandOne({ url: named, valueSet, context: bound });
  const url = bound === undefined ? named : await valueSetOfContext(context, bound);
  const subject = subjectOf(parameters, parameters.one('system'), parameters.one('systemVersion'));
  if (subject.code?.system === undefined && subject.code && flag(parameters, 'inferSystem') === false) {
    throw new FhirError('invalid', 'A code without a system can be looked for only with inferSystem.', {
      expression: ['system'],
    });
  }
  const asked = {
    ...askedOf(context, parameters),
    ...present({ url, valueSet }),
    ...subject,
    ...optionsOf(parameters),
  };
  return replyOf(await terminologyOf(context).validateCode(asked), subject);
}

/** The code system itself may be given, or stored under the id that was called. */
async function inCodeSystem(context: Context, call: Call): Promise<Reply> {
  const { parameters } = call;
  const given = (await instanceOf<CodeSystem>(context, call)) ?? resourceOf<CodeSystem>(parameters, 'codeSystem');
  const url = given?.url ?? parameters.one('url');
  const version = given ? given.version : parameters.one('version');
  const subject = subjectOf(parameters, url, version);
  const codings = subject.coding ? [subject.coding] : (subject.codeableConcept?.coding ?? []);
  if (url === undefined && codings.every(({ system }) => system === undefined)) {
    throw new FhirError('invalid', 'The parameter url is missing.', { expression: ['url'] });
  }
  const asked = askedOf(context, parameters);
  const resources = given ? [{ url, ...given } as CodeSystem, ...(asked.resources ?? [])] : asked.resources;
  const found = await terminologyOf(context).validateCode({
    ...asked,
    ...present({ resources }),
    ...inSystem(subject, url, version),
    ...optionsOf(parameters),
  });
  return replyOf(found, subject);
}

/** A coding without a system is of the one that was named; of a concept the codings of that system count. */
function inSystem(subject: Partial<ValidateAsked>, url: string | undefined, version: string | undefined) {
  const own = (coding: Coding): Coding => ({ ...present({ system: url, version }), ...coding });
  const { coding, codeableConcept } = subject;
  if (coding) return { coding: own(coding) };
  if (!codeableConcept) return subject;
  return { codeableConcept: { ...codeableConcept, coding: (codeableConcept.coding ?? []).map(own) } };
}

const issueTypes = 'http://hl7.org/fhir/tools/CodeSystem/tx-issue-type';

function outcomeOf({ issues }: Validation): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map(
      ({ severity, code, kind, diagnostics, expression }): OperationOutcomeIssue => ({
        severity,
        code: code as OperationOutcomeIssue['code'],
        details: { ...(kind ? { coding: [{ system: issueTypes, code: kind }] } : {}), text: diagnostics },
        ...(expression ? { location: [...expression], expression: [...expression] } : {}),
      }),
    ),
  };
}

function replyOf(found: Validation, { codeableConcept }: Partial<ValidateAsked>): Reply {
  const { result, code, system, version, display, inactive, normalizedCode, message, issues, unknownSystems } = found;
  return parametersReply([
    { name: 'result', valueBoolean: result },
    ...(message === undefined ? [] : [{ name: 'message', valueString: message }]),
    ...(code === undefined ? [] : [{ name: 'code', valueCode: code }]),
    ...(system === undefined ? [] : [{ name: 'system', valueUri: system }]),
    ...(version === undefined ? [] : [{ name: 'version', valueString: version }]),
    ...(display === undefined ? [] : [{ name: 'display', valueString: display }]),
    ...(inactive ? [{ name: 'inactive', valueBoolean: true }] : []),
    ...(normalizedCode === undefined ? [] : [{ name: 'normalized-code', valueCode: normalizedCode }]),
    ...(codeableConcept ? [{ name: 'codeableConcept', valueCodeableConcept: codeableConcept }] : []),
    ...[...new Set(unknownSystems)].map((valueCanonical) => ({ name: 'x-caused-by-unknown-system', valueCanonical })),
    ...(issues.length > 0 ? [{ name: 'issues', resource: outcomeOf(found) }] : []),
  ]);
}
