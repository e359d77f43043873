/**
 * The definitions of this server's operations, as resources that can be read and searched like any other.
 * https://hl7.org/fhir/R4/operationdefinition.html
 */
import { isDeepStrictEqual } from 'node:util';
import type { OperationDefinition } from '@medplum/fhirtypes';
import { audited } from '../audit/audited.ts';
import type { Context } from '../context.ts';
import { writeOf } from '../interactions/prepare.ts';
import { bodyOf } from '../json/body.ts';
import type { Operation } from './operation.ts';

/** As they are stored: under the last part of their canonical URL. */
export function publishedDefinitions(operations: readonly Operation[]): readonly OperationDefinition[] {
  return operations.map(({ definition: { resourceType, url = '', ...definition } }) => ({
    resourceType,
    id: url.slice(url.lastIndexOf('/') + 1),
    url,
    ...definition,
  }));
}

/** Stores those that are not there yet, or not as they are now; by the server's own access. */
export async function publishDefinitions(context: Context, operations: readonly Operation[]): Promise<void> {
  const definitions = publishedDefinitions(operations);
  const ids = definitions.map(({ id = '' }) => id);
  const found = await context.store.resources.readMany(ids.map((id) => ({ type: 'OperationDefinition', id })));
  const writes = definitions
    .filter((definition, at) => !found[at] || found[at].deleted || !isSame(definition, found[at].body))
    .map((definition) =>
      writeOf(context, { op: 'update', id: definition.id ?? '', body: bodyOf(definition), expect: 'any' }),
    );
  if (writes.length === 0) return;
  await audited(context, { code: 'update', action: 'U' }, async ({ store }) => {
    await store.resources.write(writes);
    return { status: 200 };
  });
}

function isSame(definition: OperationDefinition, body: string): boolean {
  const { meta: _, ...stored } = JSON.parse(body) as OperationDefinition;
  return isDeepStrictEqual(stored, JSON.parse(JSON.stringify(definition)));
}
