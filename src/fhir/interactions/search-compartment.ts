/**
 * FHIR search within a compartment: `Patient/1/Observation`, `Patient/1/*`.
 * https://hl7.org/fhir/R4/http.html#vsearch, https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { Clause } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import {
  type CompartmentType,
  compartmentMembers,
  compartmentParameters,
  isCompartmentType,
} from '../definitions/compartments.ts';
import type { Reply } from '../reply.ts';
import { namedTypes } from '../search/parse.ts';
import { demand, gone, notFound } from './guard.ts';
import { lastSeen } from './last-seen.ts';
import { searchset } from './search.ts';
import { mayShow } from './visible.ts';

export interface CompartmentRequest {
  /** Whose compartment it is. */
  readonly type: string;
  readonly id: string;
  /** The type to find, `*` for all. */
  readonly member: string;
  readonly params: URLSearchParams;
  readonly strict?: boolean;
}

/** One page of the members; `notFound` alike for a compartment that is none and one that the caller may not see. */
export async function searchCompartment(context: Context, request: CompartmentRequest): Promise<Reply> {
  const { type, id, member, params, strict = false } = request;
  if (!isCompartmentType(type)) throw new FhirError('notFound', `${type} has no compartment.`);
  demandMember(context, type, member);
  demand(context.access, 'r', type);
  const current = await context.store.resources.read(type, id);
  const last = await lastSeen(context, current);
  if (!current || !last || !(await mayShow(context, 'r', last))) throw notFound(`${type}/${id}`);
  if (current.deleted) throw gone(`${type}/${id}`);
  const within = (one: string) => [membership(type, id, one)];
  const typesOf = (asked: URLSearchParams) => (member === '*' ? allMembers(context, type, asked) : [member]);
  return searchset(context, { path: `${type}/${id}/${member}`, params, strict, typesOf, within });
}

function demandMember({ access }: Context, type: CompartmentType, member: string): void {
  if (member === '*') return;
  if (compartmentParameters(type, member).length === 0) {
    throw new FhirError('notFound', `A ${member} is never in the compartment of a ${type}.`);
  }
  demand(access, 's', member);
}

/** The members that the caller may search; `_type` may name some of them. */
function allMembers({ access }: Context, type: CompartmentType, params: URLSearchParams): readonly string[] {
  const named = namedTypes(params.getAll('_type'));
  for (const one of named) demand(access, 's', one);
  const members = compartmentMembers(type).filter((one) => compartmentParameters(type, one).length > 0);
  const found = members.filter((one) => access.may('s', one) && (named.length === 0 || named.includes(one)));
  if (found.length > 0) return found;
  if (named.length > 0)
    throw new FhirError('invalid', `Search parameter _type: none of them is ever in the compartment of a ${type}.`);
  throw new FhirError('forbidden', `You may not search anything in the compartment of a ${type}.`);
}

/** That a resource is in the compartment: by one of the definition's references, or (`{def}`) as the one whose it is. */
function membership(type: CompartmentType, id: string, member: string): Clause {
  const ways = compartmentParameters(type, member).map((code): Clause[] =>
    code === '{def}'
      ? [{ kind: 'id', any: [id] }]
      : [{ kind: 'reference', param: `${member}.${code}`, any: [{ type, id }] }],
  );
  const [[only] = []] = ways;
  return only && ways.length === 1 ? only : { kind: 'either', ways };
}
