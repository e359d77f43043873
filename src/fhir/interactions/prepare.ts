/** From a resource that a client wants written to a `Write` of the store: validated, stamped, indexed. */
import type { Resource } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { Write } from '../../store/resources/write.ts';
import { definitionIssues } from '../catalogue/definition-issues.ts';
import type { Context } from '../context.ts';
import { referencesOf } from '../integrity/integrity.ts';
import { stamp } from '../json/stamp.ts';
import type { Stamped } from '../json/unchanged.ts';
import type { Body } from '../reply.ts';
import { extract } from '../search/extract.ts';
import { partIssues } from '../summary/part.ts';
import { boundIssues } from '../validation/deep.ts';
import type { OpenCode } from '../validation/profiles/content.ts';
import { questionnaireIssues } from '../validation/questionnaire/check.ts';
import { questionnaireOf } from './questionnaire-of.ts';

/**
 * Throws `unprocessable` with all problems of the resource at once; warnings do not stop a write. Terminology is asked only
 * for what a profile requires and no list at hand can tell, and for answers to a Questionnaire.
 */
export async function demandValid(
  context: Pick<Context, 'validate' | 'parameters' | 'terminology' | 'answers' | 'access' | 'store' | 'base'>,
  resource: Resource,
): Promise<void> {
  const { validate, terminology } = context;
  const openCodes: OpenCode[] = [];
  const found = validate(resource, { openCodes });
  const issues = [...found, ...definitionIssues(context, resource), ...partIssues(resource)];
  const required = openCodes.filter(({ strength }) => strength === 'required');
  if (terminology && required.length > 0) issues.push(...(await boundIssues(required, terminology)));
  // https://hl7.org/fhir/R4/questionnaireresponse.html#notes: where the form is at hand, the answers have to fit it.
  if (resource.resourceType === 'QuestionnaireResponse' && context.answers === 'error')
    issues.push(
      ...(await questionnaireIssues({ ...resource }, { questionnaireOf: questionnaireOf(context), terminology })),
    );
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

/**
 * The write of a validated body under `id`; `stamped` spares stamping it again. `isOneOfMany`: what it is found by is told
 * when the store asks, as that is most of what thousands of writes would hold.
 */
export function writeOf(
  { now, base, parameters, integrity }: Pick<Context, 'now' | 'base' | 'parameters' | 'integrity'>,
  {
    op,
    id,
    body,
    expect,
    stamped,
    isOneOfMany = false,
  }: {
    readonly op: 'create' | 'update';
    readonly id: string;
    readonly body: Body;
    readonly stamped?: Stamped;
    readonly isOneOfMany?: boolean | undefined;
  } & Pick<Write, 'expect'>,
): Write {
  const type = body.resource.resourceType;
  const { parts, updated } = stamped ?? stampOf({ now }, id, body);
  const index = () => extract({ ...body.resource, id }, { base, parameters });
  const write = {
    op,
    type,
    id,
    body: parts,
    updated,
    expect,
    ...(parameters ? { generation: parameters.generation } : {}),
    ...referencesOf(integrity, { base, id }, body.resource),
  };
  if (!isOneOfMany) return { ...write, index: index() };
  return {
    ...write,
    get index() {
      return index();
    },
  };
}

/** The body with id and time, cut where the version's number belongs. */
export function stampOf({ now }: Pick<Context, 'now'>, id: string, { text }: Body): Stamped {
  const updated = now().toISOString();
  return { parts: stamp(text, { id, updated }), updated };
}
