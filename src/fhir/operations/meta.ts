/**
 * `$meta`: the profiles, tags and security labels of one version, of a type, or of everything.
 * https://hl7.org/fhir/R4/resource-operation-meta.html
 */
import type { Coding, Meta, Resource } from '@medplum/fhirtypes';
import type { Version } from '../../store/resources/version.ts';
import { valuesInUse } from '../../store/search/values-in-use.ts';
import type { Context } from '../context.ts';
import { resourceTypes } from '../definitions/types.ts';
import { isUnrestricted } from '../interactions/guard.ts';
import { read } from '../interactions/read.ts';
import { mayShow, visible as visibleOf } from '../interactions/visible.ts';
import { vread } from '../interactions/vread.ts';
import { members } from '../json/members.ts';
import type { Reply } from '../reply.ts';
import { restriction, searcherOf } from '../search/criteria.ts';
import type { Call, Operation } from './operation.ts';

export const meta: Operation = {
  definition: {
    resourceType: 'OperationDefinition',
    url: 'http://hl7.org/fhir/OperationDefinition/Resource-meta',
    name: 'ResourceMeta',
    title: 'Access a list of profiles, tags, and security labels',
    status: 'active',
    kind: 'operation',
    code: 'meta',
    resource: ['Resource' as 'Basic'],
    system: true,
    type: true,
    instance: true,
    affectsState: false,
    parameter: [{ name: 'return', use: 'out', min: 1, max: '1', type: 'Meta' }],
  },
  permissions: ['r'],
  action: 'R',
  versions: true,
  run,
};

async function run(context: Context, { type, id, request }: Call): Promise<Reply> {
  if (id === '') return metaReply(JSON.stringify(await inUse(context, type === '' ? resourceTypes() : [type])));
  const { version } = request;
  const found = await (Number.isNaN(version) ? read(context, { type, id }) : vread(context, { type, id, version }));
  return { ...metaReply(metaText(found.text ?? '{}')), shown: found.shown ?? [] };
}

/** What makes two codings one: version and display do not. */
export function codingKey({ system = '', code = '' }: Coding): string {
  return `${system}|${code}`;
}

/** The text of a resource's meta. */
export function metaText(body: string): string {
  const found = members(body, body.indexOf('{')).find(({ name }) => name === 'meta');
  return found ? body.slice(found.start, found.end) : '{}';
}

/** 200 with the Meta of this text. */
export function metaReply(text: string): Reply {
  const parameter = `{"name":"return","valueMeta":${text}}`;
  return { status: 200, text: `{"resourceType":"Parameters","parameter":[${parameter}]}` };
}

/** What is in use among the resources that the caller may see. */
async function inUse(context: Context, types: readonly string[]): Promise<Meta> {
  const { access, store } = context;
  const allowed = types.filter((type) => access.may('r', type) && access.may('s', type));
  const params = (codes: readonly string[]) => allowed.flatMap((type) => codes.map((code) => `${type}.${code}`));
  const versions = [
    ...(await valuesInUse(store.db, 'token', params(['_tag', '_security']))),
    ...(await valuesInUse(store.db, 'uri', params(['_profile']))),
  ];
  const found = {
    profile: new Map<string, string>(),
    security: new Map<string, object>(),
    tag: new Map<string, object>(),
  };
  for (const version of versions) {
    const shown = await visible(context, version);
    for (const profile of shown.profile ?? []) found.profile.set(profile, profile);
    for (const name of ['security', 'tag'] as const) {
      for (const coding of shown[name] ?? []) found[name].set(codingKey(coding), coding);
    }
  }
  const entries = Object.entries(found).filter(([, all]) => all.size > 0);
  return Object.fromEntries(entries.map(([name, all]) => [name, [...all].sort(byKey).map(([, one]) => one)]));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Of a version's meta what the caller may know of: all of it, or what some resource has that may be shown. */
async function visible(context: Context, version: Version): Promise<Pick<Meta, 'profile' | 'security' | 'tag'>> {
  const { meta: own = {} } = JSON.parse(version.body) as Resource;
  const { access } = context;
  const isOpen = isUnrestricted(access, 's', version.type) && isUnrestricted(access, 'r', version.type);
  if (isOpen || (await mayShow(context, 'r', version))) return own;
  const isSeen = async (name: 'profile' | 'security' | 'tag', value: { system?: string; code?: string } | string) => {
    const param = `${version.type}._${name}`;
    const clause =
      typeof value === 'string'
        ? ({ kind: 'uri', param, any: [value], match: 'exact' } as const)
        : ({
            kind: 'token',
            param,
            any: [{ system: value.system ?? '', ...(value.code ? { code: value.code } : {}) }],
          } as const);
    const where = [clause, ...restriction(searcherOf(context), version.type)];
    const page = await context.store.search({ type: version.type, where, sort: [], count: 1, total: 'none' });
    return (await visibleOf(context, 'r', page.versions)).length > 0;
  };
  const keep = async <T extends { system?: string; code?: string } | string>(
    name: 'profile' | 'security' | 'tag',
    all: readonly T[] = [],
  ): Promise<T[]> => {
    const seen = await Promise.all(all.map((one) => isSeen(name, one)));
    return all.filter((_, at) => seen[at]);
  };
  return {
    profile: await keep('profile', own.profile),
    security: await keep('security', own.security),
    tag: await keep('tag', own.tag),
  };
}
