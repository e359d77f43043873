/** `livedoc import package`. https://confluence.hl7.org/display/FHIR/NPM+Package+Specification */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ValueSet } from '@medplum/fhirtypes';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemAccess } from '../../../../src/auth/system-access.ts';
import type { Context } from '../../../../src/fhir/context.ts';
import { importPackage } from '../../../../src/fhir/terminology/import/package.ts';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';
import { silent } from '../../../../src/shared/logger.ts';
import { withServer } from '../../../support/server.ts';
import { animalSystem, animals, valueSet } from '../../../support/terminology.ts';

const server = withServer();
let folder: string;
let context: Context;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-package-'));
  context = {
    store: server.store,
    access: systemAccess('livedoc import'),
    validate: createValidator({ profilesFolder: 'fhir-profiles' }),
    now: () => new Date(),
    base: server.base,
    log: silent,
  };
});
afterAll(() => rm(folder, { recursive: true }));

async function tgz(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  const archive = pack();
  for (const [path, content] of Object.entries(files)) {
    archive.entry({ name: path }, typeof content === 'string' ? content : JSON.stringify(content));
  }
  archive.finalize();
  const file = join(folder, name);
  await pipeline(archive, createGzip(), createWriteStream(file));
  return file;
}

const set = { ...valueSet('packed', { system: animals, concept: [{ code: 'cow' }] }), id: 'packed' };
const files = {
  'package/ValueSet-packed.json': set,
  'package/CodeSystem-animals.json': { ...animalSystem, id: 'animals' },
  'package/StructureDefinition-broken.json': { resourceType: 'StructureDefinition', id: 'broken', url: 'http://x' },
  'package/Patient-none.json': { resourceType: 'Patient', id: 'none' },
  'package/example/ValueSet-example.json': { ...set, id: 'example' },
  'package/package.json': { name: 'toys' },
};
const run = (file: string) => importPackage(context, file, () => {});

describe('a FHIR package', () => {
  it('puts its definitions on the server, and names those that are refused', async () => {
    const report = await run(await tgz('toys.tgz', files));
    expect([report.written, report.unchanged]).toEqual([2, 0]);
    expect(report.refused).toEqual([expect.stringContaining('StructureDefinition-broken.json')]);
    const answer = await server.request('GET', `/ValueSet/$expand?url=${set.url}`);
    expect(answer.as<ValueSet>().expansion?.contains).toMatchObject([{ code: 'cow', display: 'Cow' }]);
    expect((await server.request('GET', '/ValueSet/example')).status).toBe(404);
    expect((await server.request('GET', '/Patient/none')).status).toBe(404);
  });

  it('may be imported again: what is the same gets no new version', async () => {
    const report = await run(await tgz('again.tgz', files));
    expect([report.written, report.unchanged]).toEqual([0, 2]);
  });

  it('takes no id away from a definition with another URL', async () => {
    const other = { ...set, url: 'http://example.org/ValueSet/other' };
    expect((await run(await tgz('other.tgz', { 'package/ValueSet-packed.json': other }))).written).toBe(1);
    expect((await server.request('GET', '/ValueSet/packed')).as<ValueSet>().url).toBe(set.url);
    const found = await server.request('GET', `/ValueSet?url=${other.url}`);
    expect(found.as<{ entry: unknown[] }>().entry).toHaveLength(1);
  });

  it('is refused when it is no package', async () => {
    const file = join(folder, 'text.tgz');
    await writeFile(file, 'no archive');
    await expect(run(file)).rejects.toThrow('cannot be read as a FHIR package');
  });
});
