/** From a resource that a client wants written to a `Write` of the store: validated, stamped, indexed. */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { Write, Written } from '../../store/resources/write.ts';
import type { Context } from '../context.ts';
import { stamp } from '../json/stamp.ts';
import type { Body, Reply } from '../reply.ts';
import { extract } from '../search/extract.ts';

/** Throws `unprocessable` with all problems of the resource at once; warnings do not stop a write. */
export function demandValid({ validate }: Pick<Context, 'validate'>, resource: Resource): void {
  const issues = validate(resource);
  if (issues.some(isError)) {
    throw new FhirError('unprocessable', `The ${resource.resourceType} is not valid.`, { issues });
  }
}

function isError({ severity }: Issue): boolean {
  return severity === 'error' || severity === 'fatal';
}

/** The body with what this server adds to it. */
export async function completed(
  { complete, store }: Pick<Context, 'complete' | 'store'>,
  body: Body,
  id?: string,
): Promise<Body> {
  return complete ? complete(store, body, id) : body;
}

/** Throws `invalid` when the body is of another type than the URL. */
export function demandSameType(type: string, { resourceType }: Resource): void {
  if (resourceType === type) return;
  const message = `The body is a ${resourceType}, the URL is for ${type}.`;
  throw new FhirError('invalid', message, { expression: [`${type}.resourceType`] });
}

/** The write of a validated body under `id`. */
export function writeOf(
  { now, base, parameters }: Pick<Context, 'now' | 'base' | 'parameters'>,
  {
    op,
    id,
    body,
    expect,
  }: { readonly op: 'create' | 'update'; readonly id: string; readonly body: Body } & Pick<Write, 'expect'>,
): Write {
  const updated = now().toISOString();
  const type = body.resource.resourceType;
  const stamped = stamp(body.text, { id, updated });
  return {
    op,
    type,
    id,
    body: stamped,
    updated,
    expect,
    index: extract({ ...body.resource, id }, { base, parameters }),
  };
}

/** The answer to a write: 201 when the resource is new (again), else 200. */
export function replyOf(write: Write | undefined, written: Written | undefined): Reply {
  if (!write || !written) throw new Error('The store told nothing about a write.');
  const [before, after] = write.body;
  return { status: written.created ? 201 : 200, text: `${before}${written.version}${after}`, version: written };
}
