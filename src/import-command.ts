/** `livedoc import`: LOINC, SNOMED CT and FHIR packages, from files that the hospital has the licence for. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemAccess } from './auth/system-access.ts';
import { importLoinc } from './fhir/terminology/import/loinc.ts';
import { importPackage } from './fhir/terminology/import/package.ts';
import { importSnomed } from './fhir/terminology/import/snomed.ts';
import { openTerminology } from './fhir/terminology/open-terminology.ts';
import { type Parts, root } from './open-parts.ts';
import { FhirError } from './shared/errors.ts';
import type { Logger } from './shared/logger.ts';

export interface ImportOptions {
  readonly parts: Parts;
  readonly log: Logger;
  /** The unpacked release, or the package. */
  readonly path: string;
  readonly version?: string;
  readonly module?: string;
  /** Besides English. */
  readonly languages: readonly string[];
}

/** Says at most once a second on standard error how far it is. */
function reporter(): (step: string, done: number) => void {
  let last = 0;
  return (step, done) => {
    const now = Date.now();
    if (now - last < 1000) return;
    last = now;
    process.stderr.write(`${step}: ${done}\n`);
  };
}

async function demandKind(path: string, kind: 'file' | 'folder'): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && (kind === 'file' ? found.isFile() : found.isDirectory())) return;
  throw new FhirError('invalid', `${path} is no ${kind}.`);
}

type Result = Readonly<Record<string, unknown>>;

export async function runImportLoinc({ parts, path, version, languages }: ImportOptions): Promise<Result> {
  await demandKind(path, 'folder');
  const options = { store: parts.store, folder: path, languages, progress: reporter() };
  return { ...(await importLoinc({ ...options, ...(version === undefined ? {} : { version }) })) };
}

export async function runImportSnomed({ parts, path, module, languages }: ImportOptions): Promise<Result> {
  await demandKind(path, 'folder');
  const options = { store: parts.store, folder: path, languages, progress: reporter() };
  return { ...(await importSnomed({ ...options, ...(module === undefined ? {} : { module }) })) };
}

export async function runImportPackage({ parts, path, log }: ImportOptions): Promise<Result> {
  await demandKind(path, 'file');
  const { store, validate, base, catalogue } = parts;
  const { parameters } = catalogue;
  const terminology = await openTerminology({ store, folder: join(root, 'fhir-profiles') });
  try {
    const access = systemAccess('livedoc import');
    const context = { store, access, validate, terminology, parameters, now: () => new Date(), base, log };
    return { ...(await importPackage(context, path, reporter())) };
  } finally {
    await terminology.close();
  }
}
