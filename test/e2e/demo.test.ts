/** `npm run demo` as a newcomer runs it: from nothing to a report, a second time on the same data, with files of one's own. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFilm } from '../../src/demo/film.ts';
import { readPhantomStatistics } from '../../src/imaging/phantom-statistics.ts';

let folder: string;

async function demo(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli.js', 'demo', '--once', ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      LIVEDOC_DATA_DIR: folder,
      LIVEDOC_HTTP_PORT: '0',
      LIVEDOC_DIMSE_PORT: '0',
      LIVEDOC_LANG: 'fr',
    },
  });
  return stdout;
}

const value = (output: string, name: string) => new RegExp(`^ {2}${name} +(.*)$`, 'm').exec(output)?.[1] ?? '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-demo-'));
  // PostgreSQL runs as another account when we are root: it has to get through.
  await chmod(folder, 0o711);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm run demo', () => {
  it('pushes its film and prints the essentials of the report and how to answer it', { timeout: 120_000 }, async () => {
    const output = await demo();
    expect(value(output, 'Report')).toMatch(/^DiagnosticReport\/\S+ \(preliminary, asserted by an AI\)$/);
    expect(value(output, 'Patient')).toContain('Lefèbvre-N’Guessan, 1987-03-09');
    expect(Number(value(output, 'Probability'))).toBeGreaterThan(Number(value(output, 'Threshold')));
    expect(value(output, 'Interpretation')).toBe('Évocateur de tuberculose pulmonaire');
    expect(value(output, 'Region')).toContain('% of the evidence');
    expect(value(output, 'Model')).toMatch(/\b[0-9a-f]{64}\b/);
    expect(output).toMatch(/\/api\/predictions\/\S+\/validations/);
    expect(output).toContain('✓ Everything is stopped');
  });

  it('works again on the same data, with a folder of other files', { timeout: 120_000 }, async () => {
    const statistics = await readPhantomStatistics('models/chest-phantom');
    const patient = {
      id: 'ÉT-7',
      issuer: 'AILLEURS',
      name: 'Œuvrard^Éloïse',
      birthDate: '1970-01-02',
      sex: 'F',
    } as const;
    const film = {
      statistics,
      patient,
      accession: 'A7',
      taken: new Date(),
      seed: 3,
      lesions: 'none',
      size: 512,
    } as const;
    const study = join(folder, 'study');
    await mkdir(study);
    await writeFile(join(study, 'film.dcm'), makeFilm(film));
    const output = await demo('--study', study);
    expect(value(output, 'Patient')).toMatch(/^Éloïse Œuvrard, 1970-01-02 \(ÉT-7, \d{4}-\d{6}\)$/);
    expect(value(output, 'Interpretation')).toBe('Non évocateur de tuberculose pulmonaire');
  });
});
