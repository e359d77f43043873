/**
 * Restrictions to a compartment as clauses of a search.
 * https://hl7.org/fhir/R4/compartmentdefinition.html
 */
import type { Clause, ReferenceValue } from '../../store/search/query.ts';
import { membershipPair } from '../access.ts';
import { compartmentMembers, compartmentParameters, isCompartmentType } from '../definitions/compartments.ts';
import { parameterOf, type WithParameters } from './parameters.ts';

/** The resources that the value of such a restriction names. */
export function rootsOf(value: string): readonly { readonly type: string; readonly id: string }[] {
  return value.split(',').map((root) => {
    const [type = '', id = ''] = root.split('/');
    return { type, id };
  });
}

/** The parameters (`Type.code`) by which a resource of the type is in a compartment. */
function paramsOf(compartment: string, type: string): readonly string[] {
  if (!isCompartmentType(compartment)) return [];
  const codes = compartmentParameters(compartment, type).filter((code) => code !== '{def}');
  return codes.map((code) => `${type}.${code}`);
}

/** Those of all types. */
export function allParamsOf(compartment: string): readonly string[] {
  if (!isCompartmentType(compartment)) return [];
  return compartmentMembers(compartment).flatMap((type) => paramsOf(compartment, type));
}

function inCompartment(type: string, roots: readonly { readonly type: string; readonly id: string }[]): Clause {
  const [{ type: compartment } = { type: '' }] = roots;
  const params = paramsOf(compartment, type);
  const any: readonly ReferenceValue[] = roots;
  const member: Clause = { kind: 'member', params, any };
  if (type !== compartment) return params.length > 0 ? member : { kind: 'either', ways: [] };
  const own: Clause = { kind: 'id', any: roots.map(({ id }) => id) };
  return params.length > 0 ? { kind: 'either', ways: [[own], [member]] } : own;
}

/** The clause of a restriction that `membershipPair` names; undefined for another one. All roots are of one type. */
export function membershipClause(type: string, name: string, value: string): Clause | undefined {
  const parts = membershipPair.exec(name);
  if (!parts) return undefined;
  const [, code, modifier] = parts;
  const roots = rootsOf(value);
  const params = allParamsOf(roots[0]?.type ?? '');
  const clause: Clause =
    code === undefined
      ? inCompartment(type, roots)
      : // What a Binary's security context is, is in no index: such Binaries are read, and not searched for.
        type === 'Binary'
        ? { kind: 'either', ways: [] }
        : { kind: 'link', param: `${type}.${code}`, params, any: roots };
  return modifier === 'not' ? { kind: 'not', where: [clause] } : clause;
}

/** The parts of a parameter's expression that are about the type, as it is now. */
function expressionsOf(where: WithParameters, param: string): readonly string[] {
  const [type = '', code = ''] = param.split('.');
  const parts = parameterOf(where, type, code)?.expression.split('|') ?? [];
  return parts.map((part) => part.trim()).filter((part) => part.startsWith(`${type}.`));
}

/** `Observation.patient` is `Observation.subject` where that is a Patient: what is found by it is found by the other. */
function isPartOf(where: WithParameters, param: string, params: readonly string[]): boolean {
  if (params.includes(param)) return true;
  const own = expressionsOf(where, param).map((part) => part.replace('.where(resolve() is Patient)', ''));
  return params.some((one) => {
    const whole = expressionsOf(where, one);
    return own.length > 0 && own.every((part) => whole.includes(part));
  });
}

/** Whether what is searched for is in the compartment anyway, so that it need not be asked again of each match. */
export function isImplied(where: WithParameters, clause: Clause, searched: readonly Clause[]): boolean {
  if (clause.kind !== 'member') return false;
  const roots = new Set(clause.any.map(({ type, id }) => `${type}/${id}`));
  return searched.some(
    (one) =>
      one.kind === 'reference' &&
      one.any.length > 0 &&
      one.any.every(({ type, id, url }) => url === undefined && roots.has(`${type}/${id}`)) &&
      isPartOf(where, one.param, clause.params),
  );
}
