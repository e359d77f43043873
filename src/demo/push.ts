/** Pushes studies as a PACS does: one association, every file stored in the syntax that it has. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Instance, instanceFile } from '../dicom/net/instance-file.ts';
import { AssociationError, associate } from '../dicom/net/scu.ts';

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly calling: string;
  readonly called: string;
}

export interface Pushed {
  readonly sopInstance: string;
  /** DIMSE status, 0 for success. */
  readonly status: number;
  readonly comment?: string;
  /** When the response came, milliseconds of `Date.now()`. */
  readonly at: number;
}

/** PS3.7 C.4.1: what the peer would have answered, had it let the object come. */
const sopClassNotSupported = 0x0122;

/** PS3.8 9.3.2.2: context ids are odd numbers up to 255. */
const mostContexts = 128;

/** The files of a folder and its folders, in order of name; a file is itself. */
export async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function contextsOf(instances: readonly Instance[]) {
  const pairs = new Map(instances.map((one) => [`${one.sopClass} ${one.transferSyntax}`, one]));
  if (pairs.size > mostContexts) throw new Error(`More than ${mostContexts} kinds of object in one push.`);
  return [...pairs.values()].map(({ sopClass, transferSyntax }) => ({
    abstractSyntax: sopClass,
    transferSyntaxes: [transferSyntax],
  }));
}

/** The peer took no such objects when the association was made: for this one object that is an answer like any other. */
function unsupported(error: unknown): { status: number; comment: string } {
  if (error instanceof AssociationError && error.kind === 'no-context') {
    return { status: sopClassNotSupported, comment: error.message };
  }
  throw error;
}

/** Stores the instances one after the other; throws AssociationError when the peer refuses or ends the association. */
export async function push(destination: Destination, instances: readonly Instance[]): Promise<readonly Pushed[]> {
  const association = await associate({ ...destination, contexts: contextsOf(instances) });
  const pushed: Pushed[] = [];
  for (const instance of instances) {
    const response = await association.store(instance).catch(unsupported);
    pushed.push({ sopInstance: instance.sopInstance, ...response, at: Date.now() });
  }
  await association.release();
  return pushed;
}

/** The files as instances; DicomError for one that is no DICOM file. */
export function openFiles(paths: readonly string[]): Promise<readonly Instance[]> {
  return Promise.all(paths.map(instanceFile));
}
