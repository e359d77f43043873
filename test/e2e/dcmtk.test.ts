/** The tools that PACS people test with, where they are installed. https://support.dcmtk.org/docs/ */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DimseServer } from '../../src/dicom/net/scp.ts';
import { newUid } from '../../src/dicom/uid.ts';
import { findInstance } from '../../src/store/dicom/instance.ts';
import { addPeer } from '../../src/store/dicom/peers.ts';
import { radiographFile } from '../support/radiograph.ts';
import { withReception } from '../support/reception.ts';

function isInstalled(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Exit code and everything that the tool said. */
function run(tool: string, args: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(tool, [...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr });
    });
  });
}

describe.runIf(isInstalled('storescu') && isInstalled('echoscu'))('DCMTK', () => {
  const reception = withReception();
  let server: DimseServer;
  let folder: string;
  let address: string[];

  beforeAll(async () => {
    server = await reception.listen();
    folder = await mkdtemp(join(tmpdir(), 'livedoc-dcmtk-'));
    address = ['-aet', 'DCMTK', '-aec', 'LIVEDOC', '127.0.0.1', String(server.port)];
    await addPeer(reception.options.store.db, { aeTitle: 'DCMTK', host: '127.0.0.1', port: 104, returns: [] });
  });
  afterAll(() => rm(folder, { recursive: true }));

  const save = async (bytes: Buffer): Promise<string> => {
    const path = join(folder, newUid());
    await writeFile(path, bytes);
    return path;
  };

  it('echoes', async () => {
    expect(await run('echoscu', address)).toMatchObject({ code: 0 });
  });

  it.each([
    ['16 KiB', '16384'],
    ['128 KiB', '131072'],
  ])('stores with PDUs of %s', async (_, length) => {
    const SOPInstanceUID = newUid();
    const file = await save(radiographFile({ SOPInstanceUID }));
    expect(await run('storescu', ['-pdu', length, ...address, file])).toMatchObject({ code: 0 });
    expect(await findInstance(reception.options.store.db, SOPInstanceUID)).toMatchObject({ sender: 'DCMTK' });
  });

  it('stores many files over one association', async () => {
    const StudyInstanceUID = newUid();
    const files = await Promise.all(Array.from({ length: 20 }, () => save(radiographFile({ StudyInstanceUID }))));
    expect(await run('storescu', [...address, ...files])).toMatchObject({ code: 0 });
    expect(await reception.count('dicom_instance WHERE study_uid = $1', [StudyInstanceUID])).toBe(20);
  });

  it('takes the warning of other content under a known UID for no failure', async () => {
    const SOPInstanceUID = newUid();
    await run('storescu', [...address, await save(radiographFile({ SOPInstanceUID }))]);
    const other = await save(radiographFile({ SOPInstanceUID, PatientID: 'P-2' }));
    const { code, said } = await run('storescu', ['-v', ...address, other]);
    expect(code).toBe(0);
    expect(said).toContain('0xb111');
  });

  it.each([
    ['is no title of ours', ['-aec', 'OTHER'], 'Called AE Title Not Recognized'],
    ['is not known', ['-aet', 'STRANGER'], 'Calling AE Title Not Recognized'],
  ])('hears that a title %s', async (_, options, reason) => {
    const { code, said } = await run('echoscu', ['-v', ...address, ...options]);
    expect(code).not.toBe(0);
    expect(said).toContain(reason);
  });

  it('finds no context for CT', async () => {
    const file = await save(radiographFile({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2' }));
    const { code, said } = await run('storescu', ['-v', ...address, file]);
    expect(code).not.toBe(0);
    expect(said).toContain('No presentation context');
  });
});
