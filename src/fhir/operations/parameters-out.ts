/**
 * The output of an operation: a Parameters resource, or the one resource that is its result.
 * https://hl7.org/fhir/R4/operations.html#response
 */
import type { ParametersParameter } from '@medplum/fhirtypes';
import type { Body, Reply } from '../reply.ts';

/** An output parameter; `text` is a resource's exact JSON, which is put in as it is. */
export type Out = ParametersParameter | { readonly name: string; readonly text: string };

/** 200 with these parameters. */
export function parametersReply(out: readonly Out[]): Reply {
  const parameter = out.map((one) =>
    'text' in one ? `{"name":${JSON.stringify(one.name)},"resource":${one.text}}` : JSON.stringify(one),
  );
  // R4 has no empty arrays.
  const listed = parameter.length === 0 ? '' : `,"parameter":[${parameter.join(',')}]`;
  return { status: 200, text: `{"resourceType":"Parameters"${listed}}` };
}

/** 200 with the one resource that is the operation's result (its output parameter `return`). */
export function resourceReply({ text }: Pick<Body, 'text'>): Reply {
  return { status: 200, text };
}
