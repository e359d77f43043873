/** What hinders a definition that the server itself works by from taking effect. */
import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { r4Parameters } from '../search/parameters.ts';
import { checkSearchParameter } from './check-search-parameter.ts';

/** The problems of a resource that is such a definition, besides those of its structure; none of any other. */
export function definitionIssues(
  { parameters = r4Parameters }: Pick<Context, 'parameters'>,
  resource: Resource,
): readonly Issue[] {
  return resource.resourceType === 'SearchParameter' ? checkSearchParameter(resource, parameters) : [];
}
