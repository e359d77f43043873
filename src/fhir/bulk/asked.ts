/**
 * What an export is to hold, checked before it is taken.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters
 */
import type { Group, Reference } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import type { Access } from '../access.ts';
import type { Context } from '../context.ts';
import { compartmentMembers, compartmentParameters } from '../definitions/compartments.ts';
import { isResourceType, resourceTypes } from '../definitions/types.ts';
import { fhirNdjson } from '../formats.ts';
import { demand, gone, isServersOwn, notFound } from '../interactions/guard.ts';
import { mayShow } from '../interactions/visible.ts';
import type { Call } from '../operations/operation.ts';

/** Kept as JSON until the work begins. */
export interface Asked {
  /** `Group` has the Group's id. */
  readonly level: 'system' | 'Patient' | 'Group';
  readonly group?: string;
  /** Ids of the only Patients that are wanted. */
  readonly patients?: readonly string[];
  readonly types: readonly string[];
  readonly since?: string;
  readonly address?: string;
  readonly requestId?: string;
}

const outputFormats: readonly string[] = [fhirNdjson, 'application/ndjson', 'ndjson'];

function invalid(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Parameter ${name}: ${problem}.`, { expression: [name] });
}

/** Throws `forbidden` for persons: a whole record base is for services that were registered for that. */
export function demandSystem({ caller }: Access): void {
  if (caller.userId === undefined) return;
  throw new FhirError('forbidden', 'Bulk exports are for backend services with system/ scopes.');
}

/** Throws `invalid` for parameters that cannot be, `forbidden` for what the caller may not read, `notFound` for no Group. */
export async function askedOf(context: Context, { type, id, parameters }: Call): Promise<Asked> {
  const { caller } = context.access;
  const format = parameters.one('_outputFormat') ?? fhirNdjson;
  if (!outputFormats.includes(format)) {
    throw invalid('_outputFormat', `${JSON.stringify(format)} is none of ${outputFormats.join(', ')}`);
  }
  const level = type === 'Patient' || type === 'Group' ? type : 'system';
  const types = typesOf(context.access, level, parameters.all('_type'));
  const patients = named(context, parameters.values<Reference>('patient'));
  if (level === 'Group') demandMembers(await membersOf(context, id), patients);
  const since = parameters.one('_since');
  return {
    level,
    types,
    ...(level === 'Group' ? { group: id } : {}),
    ...(patients.length > 0 ? { patients } : {}),
    ...(since === undefined ? {} : { since }),
    ...(caller.address === undefined ? {} : { address: caller.address }),
    ...(caller.requestId === undefined ? {} : { requestId: caller.requestId }),
  };
}

/** What a level can hold: the audit trail is not exported. */
function possible(level: Asked['level']): readonly string[] {
  const all =
    level === 'system'
      ? resourceTypes()
      : compartmentMembers('Patient').filter((type) => compartmentParameters('Patient', type).length > 0);
  return [...new Set([...all, 'Patient'])].filter((type) => !isServersOwn(type));
}

function typesOf(access: Access, level: Asked['level'], values: readonly string[]): readonly string[] {
  const listed = [...new Set(values.flatMap((value) => value.split(',')))];
  const open = possible(level);
  for (const one of listed) {
    if (!isResourceType(one)) throw invalid('_type', `${JSON.stringify(one)} is no resource type`);
    if (!open.includes(one)) throw invalid('_type', `${one} is not exported here`);
    demand(access, 'r', one);
  }
  const types = listed.length > 0 ? listed : open.filter((one) => access.may('r', one));
  if (types.length === 0) throw new FhirError('forbidden', 'You may not read anything that is exported here.');
  return types;
}

function patientId(context: Pick<Context, 'base'>, { reference = '' }: Reference): string | undefined {
  const local = reference.startsWith(`${context.base}/`) ? reference.slice(context.base.length + 1) : reference;
  return /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(local)?.[1];
}

function named(context: Context, references: readonly Reference[]): readonly string[] {
  return references.map((one) => {
    const id = patientId(context, one);
    if (id === undefined) throw invalid('patient', 'a Reference to a Patient of this server is needed');
    return id;
  });
}

function demandMembers(members: readonly string[], patients: readonly string[]): void {
  const stranger = patients.find((id) => !members.includes(id));
  if (stranger !== undefined) throw invalid('patient', `Patient/${stranger} is no member of the Group`);
}

/** Ids of the Patients that are members of the Group now. Throws `notFound` alike for none and one that is not for the caller. */
export async function membersOf(context: Context, id: string): Promise<readonly string[]> {
  demand(context.access, 'r', 'Group');
  const version = await context.store.resources.read('Group', id);
  if (!version || (!version.deleted && !(await mayShow(context, 'r', version)))) throw notFound(`Group/${id}`);
  if (version.deleted) throw gone(`Group/${id}`);
  const { member = [] } = JSON.parse(version.body) as Group;
  const current = member.filter(({ inactive }) => inactive !== true);
  return [...new Set(current.flatMap(({ entity }) => patientId(context, entity) ?? []))];
}
