/** Fixtures and scripts from files, in JSON or XML. */
import { access, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TestScript } from '@medplum/fhirtypes';
import { fromXml } from '../../../src/fhir/xml/read.ts';

/** A file's resource as JSON text. */
export async function readResource(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  return text.trimStart().startsWith('<') ? await fromXml(text) : text;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Finds what a script refers to: in the script itself (`#id`), in a file beside it, or in a folder as `Type-id.json`, which is how
 * FHIR packages name their files.
 */
export function fixtureFiles(
  script: TestScript,
  path: string,
  folders: readonly string[],
): (reference: string) => Promise<string> {
  const near = [dirname(resolve(path)), ...folders];
  return async (reference) => {
    if (reference.startsWith('#')) return contained(script, reference.slice(1));
    const names = [reference, `${reference}.json`, `${reference}.xml`];
    const flat = names.map((name) => name.replace(/^([A-Za-z]+)\//, '$1-'));
    for (const candidate of near.flatMap((folder) => [...names, ...flat].map((name) => join(folder, name)))) {
      if (/\.(json|xml)$/.test(candidate) && (await exists(candidate))) return readResource(candidate);
    }
    throw new Error(`There is no file for ${reference}.`);
  };
}

function contained({ contained: resources = [] }: TestScript, id: string): string {
  const found = resources.find((resource) => resource.id === id);
  if (!found) throw new Error(`The script contains no #${id}.`);
  return JSON.stringify(found);
}
