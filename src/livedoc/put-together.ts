/** Writes resources under their own ids as one FHIR transaction. */
import type { Resource } from '@medplum/fhirtypes';
import type { Context } from '../fhir/context.ts';
import { transaction } from '../fhir/interactions/transaction.ts';
import { parseText } from '../fhir/json/body.ts';

export interface Written {
  readonly resource: Resource;
  /** Its JSON text, when that is not simply the resource's: what others wrote keeps its form. */
  readonly text?: string;
  /** The version that must be the current one. */
  readonly version?: number;
}

/** All or none; references between the resources are plain `Type/id`, as the ids are known. */
export async function putTogether(context: Context, writes: readonly Written[]): Promise<void> {
  if (writes.length === 0) return;
  const entries = writes.map(({ resource, text = JSON.stringify(resource), version }) => {
    const url = `${resource.resourceType}/${resource.id}`;
    const ifMatch = version === undefined ? {} : { ifMatch: `W/"${version}"` };
    return `{"fullUrl":${JSON.stringify(`${context.base}/${url}`)},"resource":${text},"request":${JSON.stringify({ method: 'PUT', url, ...ifMatch })}}`;
  });
  const text = `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`;
  await transaction(context, { body: parseText(text) });
}
