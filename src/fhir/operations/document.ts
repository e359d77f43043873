/**
 * `Composition/$document`: a document made of a composition and all that it refers to.
 * https://hl7.org/fhir/R4/composition-operation-document.html, https://hl7.org/fhir/R4/documents.html
 */
import { randomUUID } from 'node:crypto';
import type { Composition } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import type { Context } from '../context.ts';
import { create } from '../interactions/create.ts';
import { demand } from '../interactions/guard.ts';
import { read } from '../interactions/read.ts';
import { visible } from '../interactions/visible.ts';
import { parseText } from '../json/body.ts';
import type { Reply } from '../reply.ts';
import { maxIncluded } from '../search/include.ts';
import { pointedAt, targetOf } from './everything-support.ts';
import type { Call, Operation } from './operation.ts';

export const document: Operation = {
  definition: {
    resourceType: 'OperationDefinition',
    url: 'http://hl7.org/fhir/OperationDefinition/Composition-document',
    name: 'CompositionDocument',
    title: 'Generate a Document',
    status: 'active',
    kind: 'operation',
    code: 'document',
    resource: ['Composition'],
    system: false,
    type: true,
    instance: true,
    affectsState: false,
    parameter: [
      { name: 'id', use: 'in', min: 0, max: '1', type: 'uri' },
      { name: 'persist', use: 'in', min: 0, max: '1', type: 'boolean' },
      { name: 'graph', use: 'in', min: 0, max: '1', type: 'uri' },
      { name: 'return', use: 'out', min: 1, max: '1', type: 'Bundle' },
    ],
  },
  permissions: ['r'],
  action: 'E',
  run,
};

async function run(context: Context, call: Call): Promise<Reply> {
  const { parameters, method } = call;
  const id = idOf(context, call);
  if (parameters.one('graph') !== undefined)
    throw new FhirError('unsupported', 'Documents by GraphDefinition are not supported.');
  const persist = parameters.one('persist') === 'true';
  if (persist && method === 'GET') throw invalid('persist', 'a document is only stored by POST');
  demand(context.access, 'r', 'Composition');
  const { text = '', version } = await read(context, { type: 'Composition', id });
  if (!version) throw new Error('A read gave no version.');
  const first: Version = { ...version, body: text, deleted: false, op: 'update' };
  const others = await referred(context, first);
  const bundle = textOf(context, [first, ...others]);
  const shown = [first, ...others];
  if (!persist) return { status: 200, text: bundle, shown };
  return { ...(await create(context, { type: 'Bundle', body: parseText(bundle) })), shown };
}

/** The composition that the URL or the parameter names. */
function idOf({ base }: Context, { id, parameters }: Call): string {
  const named = parameters.one('id');
  if (id !== '') {
    if (named !== undefined) throw invalid('id', 'the URL names the composition already');
    return id;
  }
  if (named === undefined) throw invalid('id', 'which composition it is has to be said');
  const local = named.startsWith(`${base}/`) ? named.slice(base.length + 1) : named;
  const [type, own, ...more] = local.includes('/') ? local.split('/') : ['Composition', local];
  if (type === 'Composition' && own && more.length === 0) return own;
  throw new FhirError('unsupported', `The composition ${named} is not on this server.`);
}

function invalid(name: string, problem: string): FhirError {
  return new FhirError('invalid', `Parameter ${name}: ${problem}.`, { expression: [name] });
}

/** What the composition refers to, and what that refers to in turn. Throws where the document would have a hole. */
async function referred(context: Context, composition: Version): Promise<Version[]> {
  const found = new Map<string, Version>();
  const seen = new Set([`Composition/${composition.id}`]);
  demandLocal(context, JSON.parse(composition.body) as Composition);
  let around: readonly Version[] = [composition];
  for (let isDirect = true; around.length > 0; isDirect = false) {
    const names = [...new Set(around.flatMap((version) => pointedAt(version, context.base)))].filter(
      (name) => !seen.has(name),
    );
    const versions = await context.store.resources.readMany(names.map(targetOf));
    const known = versions.filter((version) => version !== undefined && !version.deleted);
    const there = await visible(context, 'r', known as readonly Version[]);
    if (isDirect && there.length < names.length) throw holes(names, there);
    for (const name of names) seen.add(name);
    around = there;
    for (const version of around) found.set(`${version.type}/${version.id}`, version);
    if (found.size > maxIncluded)
      throw new FhirError('unprocessable', `The document would have more than ${maxIncluded} resources.`);
  }
  return [...found.values()];
}

function holes(names: readonly string[], there: readonly Version[]): FhirError {
  const known = new Set(there.map((version) => `${version.type}/${version.id}`));
  const issues = names
    .filter((name) => !known.has(name))
    .map(
      (name): Issue => ({
        severity: 'error',
        code: 'not-found',
        diagnostics: `The composition refers to ${name}, which is not known.`,
      }),
    );
  return new FhirError('unprocessable', 'The document is not complete.', { issues });
}

/** Throws for what is on another server: nobody there is asked. */
function demandLocal({ base }: Context, composition: Composition): void {
  const text = JSON.stringify(composition);
  const far = [...text.matchAll(/"reference":"([a-z][a-z0-9+.-]*:[^"]*)"/g)].map(([, url = '']) => url);
  const issues = far
    .filter((url) => !url.startsWith(`${base}/`))
    .map((url): Issue => ({ severity: 'error', code: 'not-supported', diagnostics: `${url} is not on this server.` }));
  if (issues.length > 0) throw new FhirError('unprocessable', 'The document is not complete.', { issues });
}

/** https://hl7.org/fhir/R4/bundle.html: a document has an identifier, a time, and the composition first. */
function textOf({ base, now }: Context, versions: readonly Version[]): string {
  const head = {
    resourceType: 'Bundle',
    identifier: { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${randomUUID()}` },
    type: 'document',
    timestamp: now().toISOString(),
  };
  const entries = versions.map(
    ({ type, id, body }) => `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},"resource":${body}}`,
  );
  return `${JSON.stringify(head).slice(0, -1)},"entry":[${entries.join(',')}]}`;
}
