/**
 * Puts the definitions of a FHIR package (an implementation guide's .tgz) on this server, by the same way as any client.
 * https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { FhirError } from '../../../shared/errors.ts';
import type { Version } from '../../../store/resources/version.ts';
import { audited } from '../../audit/audited.ts';
import type { Context } from '../../context.ts';
import { create } from '../../interactions/create.ts';
import { update } from '../../interactions/update.ts';
import { parseText } from '../../json/body.ts';
import type { Body, Reply } from '../../reply.ts';

/** What others rest on comes first. */
const types = [
  'CodeSystem',
  'ValueSet',
  'ConceptMap',
  'NamingSystem',
  'StructureDefinition',
  'SearchParameter',
  'OperationDefinition',
] as const;

/** Bytes of one file: no definition is larger, and what is would fill the memory. */
const largest = 64 * 2 ** 20;

export interface PackageReport {
  readonly written: number;
  readonly unchanged: number;
  /** What was refused, and why. */
  readonly refused: readonly string[];
}

/** The JSON files at the top of the package. */
async function* filesOf(file: string): AsyncGenerator<{ readonly name: string; readonly text: string }> {
  const archive = extract();
  const [packed, unpacked] = [createReadStream(file), createGunzip()];
  // A pipe does not carry errors on: without this, whoever reads would wait for ever.
  for (const stream of [packed, unpacked]) stream.on('error', (error: Error) => archive.destroy(error));
  packed.pipe(unpacked).pipe(archive);
  try {
    for await (const entry of archive) {
      const { name, size = 0 } = entry.header;
      if (!/^package\/[^/.][^/]*\.json$/.test(name) || size > largest) {
        entry.resume();
        continue;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      yield { name, text: Buffer.concat(chunks).toString('utf8') };
    }
  } catch (error) {
    if (error instanceof FhirError) throw error;
    throw new FhirError('invalid', `${file} cannot be read as a FHIR package: ${(error as Error).message}.`);
  }
}

const canonicalOf = ({ resource }: Body) => resource as { readonly url?: string; readonly version?: string };

/** The stored resource with the same canonical URL and version. */
async function stored({ store }: Context, type: string, body: Body): Promise<Version | undefined> {
  const { url, version } = canonicalOf(body);
  if (url === undefined) return undefined;
  const page = await store.search({
    type,
    where: [{ kind: 'uri', param: `${type}.url`, any: [url], match: 'exact' }],
    sort: [],
    count: 100,
    total: 'none',
  });
  return page.versions.find((one) => canonicalOf({ resource: JSON.parse(one.body), text: '' }).version === version);
}

/** The body with the id under which it is to be stored. */
function under(id: string, { resource, text }: Body): Body {
  if (resource.id === id) return { resource, text };
  const renamed = { ...resource, id };
  return { resource: renamed, text: JSON.stringify(renamed) };
}

async function put(context: Context, type: string, body: Body): Promise<Reply> {
  const before = await stored(context, type, body);
  const own = body.resource.id;
  const taken = before ? undefined : own && (await context.store.resources.read(type, own));
  const id = before?.id ?? (taken ? undefined : own);
  if (id === undefined) {
    const target = { code: 'create', action: 'C' } as const;
    return audited(context, target, (inner) => create(inner, { type, body }));
  }
  const deed = { code: 'update', action: 'U', target: `${type}/${id}` } as const;
  return audited(context, deed, async (inner) => {
    const reply = await update(inner, { type, id, body: under(id, body) });
    return before && reply.version?.version === before.version ? { ...reply, status: 304 } : reply;
  });
}

function reason(error: FhirError): string {
  const [first] = error.issues;
  return first ? `${first.expression?.[0] ?? ''} ${first.diagnostics}`.trim() : error.message;
}

/** Puts one definition; gives why it was refused. */
async function tryPut(context: Context, type: string, text: string): Promise<'written' | 'unchanged' | string> {
  try {
    const { status } = await put(context, type, parseText(text));
    return status === 304 ? 'unchanged' : 'written';
  } catch (error) {
    if (!(error instanceof FhirError) || error.status >= 500) throw error;
    return reason(error);
  }
}

/** Those of the type; what only mentions it, in a contained resource, is of another. */
async function* definitionsOf(
  file: string,
  type: string,
): AsyncGenerator<{ readonly name: string; readonly text: string }> {
  const mark = new RegExp(`"resourceType"\\s*:\\s*"${type}"`);
  for await (const { name, text } of filesOf(file)) {
    if (mark.test(text) && (JSON.parse(text) as { resourceType?: unknown }).resourceType === type) yield { name, text };
  }
}

/** Writes what the package defines. A resource that is refused is named in the report, and keeps no other from being written. */
export async function importPackage(
  context: Context,
  file: string,
  progress: (step: string, done: number) => void,
): Promise<PackageReport> {
  const refused: string[] = [];
  let [written, unchanged] = [0, 0];
  for (const type of types) {
    for await (const { name, text } of definitionsOf(file, type)) {
      const result = await tryPut(context, type, text);
      if (result === 'written') written++;
      else if (result === 'unchanged') unchanged++;
      else refused.push(`${name}: ${result}`);
      progress(type, written + unchanged);
    }
  }
  return { written, unchanged, refused };
}
