/** A file that hangs, eats memory or breaks a library harms its reading process only. dicom-ai 6.4: poison. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reader, ReaderCrash } from '../../src/imaging/reader.ts';
import { silent } from '../../src/shared/logger.ts';

const options = {
  settings: { objects: '', minFreeMib: 1, model: '', threads: 1 },
  entry: new URL('../support/broken-reader.mjs', import.meta.url),
  timeoutSeconds: 2,
  memoryMib: 300,
  log: silent,
};

describe('a reader', () => {
  let reader: Reader;
  let patient: Reader;
  beforeAll(async () => {
    reader = await Reader.start(options);
    patient = await Reader.start({ ...options, timeoutSeconds: 30 });
  });
  afterAll(() => Promise.all([reader.close(), patient.close()]));

  const crash = (key: string, by = reader) =>
    by.read(key).then(
      () => expect.fail('It was read.'),
      (error: unknown) => error as ReaderCrash,
    );

  it('ends a process that takes too long, while this one goes on', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 10);
    expect((await crash('hang')).reason).toBe('reader-timeout');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });

  it('ends a process that takes too much memory', async () => {
    expect((await crash('grow', patient)).reason).toBe('reader-memory');
  });

  it('outlives a process that a library takes down', async () => {
    expect((await crash('crash')).reason).toBe('reader-crash');
  });

  it('knows whose image it was when the header was read before the end', async () => {
    expect((await crash('say-and-crash')).facts?.patient.id).toBe('P');
  });

  it('tells its own failures from those of an image', async () => {
    await expect(reader.read('fail')).rejects.toThrow('the object store is away');
    await expect(reader.read('fail')).rejects.not.toBeInstanceOf(ReaderCrash);
  });

  it('reads the next image after every one of these, one at a time', async () => {
    const outcomes = await Promise.all(
      ['read', 'crash', 'read', 'hang', 'read'].map((key) =>
        reader.read(key).then(
          () => 'read',
          () => 'crash',
        ),
      ),
    );
    expect(outcomes).toEqual(['read', 'crash', 'read', 'crash', 'read']);
    expect(reader.problem()).toBeUndefined();
  });
});

describe('the reading process', () => {
  it('ends when it is closed, after the image that it is looking at', async () => {
    const reader = await Reader.start(options);
    const last = reader.read('read');
    await reader.close();
    const pid = Number((await last).notes?.[0]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(reader.read('read')).rejects.toThrow('closed');
    expect(reader.problem()).toBe('The reader is closed.');
  });

  it('that cannot open its model says so', async () => {
    const entry = new URL('../../src/imaging/reader-process.ts', import.meta.url);
    const settings = { ...options.settings, objects: 'unused', model: 'models/none' };
    const started = Reader.start({ ...options, entry, settings, execArgv: ['--import', 'tsx'] });
    await expect(started).rejects.toThrow(/model\.json/);
  });
});
