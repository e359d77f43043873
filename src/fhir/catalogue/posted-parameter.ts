/**
 * A SearchParameter resource as what the server searches by.
 * https://hl7.org/fhir/R4/searchparameter.html
 */
import { createHash } from 'node:crypto';
import type { SearchParameter as Definition } from '@medplum/fhirtypes';
import { isA, resourceTypes } from '../definitions/types.ts';
import type { Limits, SearchParameter } from '../search/parameters.ts';

export interface PostedParameter {
  /** Of the resource. */
  readonly id: string;
  readonly url: string;
  /** meta.lastUpdated. */
  readonly updated: string;
  /** The concrete types that it is for. */
  readonly types: readonly string[];
  readonly parameter: SearchParameter;
  /** The same for two definitions by which the same is found. */
  readonly fingerprint: string;
}

/** A list that says something: an empty one is as good as none. */
function listed<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

function limitsOf({ multipleOr, multipleAnd, comparator, modifier, chain }: Definition): Limits | undefined {
  const [comparators, modifiers, chains] = [listed(comparator), listed(modifier), listed(chain)];
  const limits: Limits = {
    ...(multipleOr === false ? { multipleOr } : {}),
    ...(multipleAnd === false ? { multipleAnd } : {}),
    ...(comparators ? { comparators } : {}),
    ...(modifiers ? { modifiers } : {}),
    ...(chains ? { chains } : {}),
  };
  return Object.keys(limits).length > 0 ? limits : undefined;
}

/** The parameter that a definition describes, whether or not it is in force; `undefined` without an expression. */
export function parameterOfDefinition(definition: Definition): SearchParameter | undefined {
  const { url, code, type, expression, component } = definition;
  if (!url || !code || !type || !expression) return undefined;
  const targets = listed(definition.target);
  const limits = limitsOf(definition);
  const components = listed(component)?.map(({ definition: of = '', expression: part = '' }) => ({
    // A version that the reference names says no more: there is one definition of a URL here.
    url: of.replace(/\|.*$/, ''),
    expression: part,
  }));
  return {
    url,
    code,
    type,
    expression,
    ...(targets ? { targets } : {}),
    ...(components ? { components } : {}),
    ...(limits ? { limits } : {}),
  };
}

/** The concrete types that a definition's `base` names. */
export function baseTypes(base: readonly string[]): readonly string[] {
  return resourceTypes().filter((type) => base.some((one) => isA(type, one)));
}

/** What an active definition adds to what can be searched by; `undefined` for any other. */
export function postedParameter(definition: Definition): PostedParameter | undefined {
  if (definition.status !== 'active') return undefined;
  const parameter = parameterOfDefinition(definition);
  if (!parameter) return undefined;
  const { url, type, expression, components } = parameter;
  return {
    id: definition.id ?? '',
    url,
    updated: definition.meta?.lastUpdated ?? '',
    types: baseTypes(definition.base ?? []),
    parameter,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([type, expression, components ?? []]))
      .digest('hex')
      .slice(0, 32),
  };
}
