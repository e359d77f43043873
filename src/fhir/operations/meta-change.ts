/**
 * `$meta-add` and `$meta-delete`: profiles, tags and security labels put to or taken from a version, which stays that
 * version. https://hl7.org/fhir/R4/resource-operation-meta-add.html (decision 0015 says why no new one is made)
 */
import type { Coding, Meta, OperationDefinition, Resource } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';
import { amend } from '../../store/resources/amend.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { demand, demandTouch, demandWritable, gone, isUnrestricted, notFound } from '../interactions/guard.ts';
import { lastSeen } from '../interactions/last-seen.ts';
import { demandValid } from '../interactions/prepare.ts';
import { parseText } from '../json/body.ts';
import { members } from '../json/members.ts';
import type { Reply } from '../reply.ts';
import { extract } from '../search/extract.ts';
import { codingKey, metaReply, metaText } from './meta.ts';
import type { Call, Operation } from './operation.ts';

type Change = (before: Meta, change: Meta) => Meta;

function definitionOf(code: 'meta-add' | 'meta-delete', title: string): OperationDefinition {
  return {
    resourceType: 'OperationDefinition',
    url: `http://hl7.org/fhir/OperationDefinition/Resource-${code}`,
    name: code === 'meta-add' ? 'ResourceMetaAdd' : 'ResourceMetaDelete',
    title,
    status: 'active',
    kind: 'operation',
    code,
    resource: ['Resource' as 'Basic'],
    system: false,
    type: false,
    instance: true,
    affectsState: true,
    parameter: [
      { name: 'meta', use: 'in', min: 1, max: '1', type: 'Meta' },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Meta' },
    ],
  };
}

export const metaAdd: Operation = {
  definition: definitionOf('meta-add', 'Add profiles, tags, and security labels to a resource'),
  permissions: ['u'],
  action: 'U',
  versions: true,
  run: (context, call) => run(context, call, added),
};

export const metaDelete: Operation = {
  definition: definitionOf('meta-delete', 'Delete profiles, tags, and security labels for a resource'),
  permissions: ['u'],
  action: 'U',
  versions: true,
  run: (context, call) => run(context, call, removed),
};

function added(before: Meta, { profile = [], security = [], tag = [] }: Meta): Meta {
  const more = (own: readonly Coding[] = [], others: readonly Coding[]) => {
    const all = new Map(own.map((one) => [codingKey(one), one]));
    for (const one of others) if (!all.has(codingKey(one))) all.set(codingKey(one), one);
    return [...all.values()];
  };
  return {
    profile: [...new Set([...(before.profile ?? []), ...profile])],
    security: more(before.security, security),
    tag: more(before.tag, tag),
  };
}

function removed(before: Meta, { profile = [], security = [], tag = [] }: Meta): Meta {
  const less = (own: readonly Coding[] = [], others: readonly Coding[]) => {
    const keys = new Set(others.map(codingKey));
    return own.filter((one) => !keys.has(codingKey(one)));
  };
  return {
    profile: (before.profile ?? []).filter((one) => !profile.includes(one)),
    security: less(before.security, security),
    tag: less(before.tag, tag),
  };
}

/** A version that others keep changing while we look at it is looked at this often. */
const maxLooks = 20;

async function run(context: Context, call: Call, change: Change): Promise<Reply> {
  const { type, id, parameters, request } = call;
  demandWritable(type);
  demand(context.access, 'u', type);
  const asked = parameters.value<Meta>('meta') ?? {};
  for (let looks = 1; looks <= maxLooks; looks += 1) {
    const found = await versionOf(context, { type, id, number: request.version });
    const body = changedBody(found.version.body, change, asked);
    const after = parseText(body).resource;
    demandTouch(context.access, 'u', after);
    // What a superseded version says was checked by the rules of its time.
    if (found.isCurrent) await demandValid(context, after);
    if (body === found.version.body || (await write(context, found.version, body, after)))
      return metaReply(metaText(body));
  }
  throw new FhirError('conflict', `${type}/${id} is being changed by others; try again.`);
}

interface Found {
  readonly version: Version;
  readonly isCurrent: boolean;
}

/** The version, if it is the caller's to change; the same answer for what is out of reach and for what never was. */
async function versionOf(
  context: Context,
  { type, id, number }: { readonly type: string; readonly id: string; readonly number: number },
): Promise<Found> {
  const { access, store } = context;
  const name = `${type}/${id}`;
  const current = await store.resources.read(type, id);
  const last = await lastSeen(context, current);
  if (!current || !last) throw notFound(name);
  if (!isUnrestricted(access, 'u', type) && !access.mayTouch('u', JSON.parse(last.body) as Resource))
    throw notFound(name);
  if (Number.isNaN(number) || number === current.version) {
    if (current.deleted) throw gone(name);
    return { version: current, isCurrent: true };
  }
  const version = await store.resources.readVersion(type, id, number);
  if (!version) throw notFound(`${name}/_history/${number}`);
  if (version.deleted) throw gone(`${name}/_history/${number}`);
  demandTouch(access, 'u', JSON.parse(version.body) as Resource);
  return { version, isCurrent: false };
}

/** The text with its meta changed; all else, also in meta, stays as it is. */
function changedBody(body: string, change: Change, asked: Meta): string {
  const text = metaText(body);
  const before = JSON.parse(text) as Meta & { readonly _profile?: readonly unknown[] };
  const after = change(before, asked);
  if (JSON.stringify(pick(before)) === JSON.stringify(pick(after))) return body;
  const kept = members(text, 0).filter(({ name }) => !['profile', '_profile', 'security', 'tag'].includes(name));
  const parts = kept.map(({ nameStart, end }) => text.slice(nameStart, end));
  for (const [name, value] of Object.entries(pick(after))) parts.push(`"${name}":${JSON.stringify(value)}`);
  const siblings = siblingsOf(before, after);
  if (siblings) parts.push(`"_profile":${JSON.stringify(siblings)}`);
  const at = body.indexOf(text, members(body, body.indexOf('{')).find(({ name }) => name === 'meta')?.start ?? 0);
  return `${body.slice(0, at)}{${parts.join(',')}}${body.slice(at + text.length)}`;
}

/** The lists that are not empty. */
function pick({ profile, security, tag }: Meta): Partial<Meta> {
  return Object.fromEntries(Object.entries({ profile, security, tag }).filter(([, all]) => all && all.length > 0));
}

/** Extensions of profiles stay with their profiles. */
function siblingsOf(
  { profile = [], _profile: own }: Meta & { readonly _profile?: readonly unknown[] },
  after: Meta,
): readonly unknown[] | undefined {
  if (!own) return undefined;
  const all = (after.profile ?? []).map((one) => own[profile.indexOf(one)] ?? null);
  return all.some((one) => one !== null) ? all : undefined;
}

async function write(context: Context, version: Version, body: string, after: Resource): Promise<boolean> {
  const { type } = version;
  const params = ['_profile', '_security', '_tag'].map((code) => `${type}.${code}`);
  const { base, parameters } = context;
  const index = extract(after, { base, parameters }).filter(({ param }) => params.includes(param));
  return context.store.transaction(async (inner) => {
    const isDone = await amend(inner.db, { version, body, index, params });
    if (isDone) await context.recordChange?.(inner, [version, { ...version, body }]);
    return isDone;
  });
}
