/** The layer table of .dependency-cruiser.mjs, the size limits and the vendors' homes, checked on what is really there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { beforeAll, describe, expect, it } from 'vitest';
import rules, { layers } from '../.dependency-cruiser.mjs';

const maximum = { src: 300, test: 500 } as const;

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/generated/'));
}

const lines = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1;
const tooLong = (folder: keyof typeof maximum) =>
  files(folder).flatMap((path) => (lines(path) > maximum[folder] ? [`${path}: ${lines(path)}`] : []));

describe('the architecture', () => {
  let output: ICruiseResult;
  beforeAll(async () => {
    const { forbidden, options } = rules;
    const result = await cruise(['src'], { ruleSet: { forbidden, options }, validate: true, ...options } as never);
    output = result.output as ICruiseResult;
  });

  it('was really measured', () => {
    const measured = new Set(output.modules.map((module) => module.source));
    expect(files('src').filter((path) => !measured.has(path))).toEqual([]);
  });

  it('lets imports flow one way only, vendors stay at home, and has no cycles', () => {
    expect(output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  });

  it('gives every folder of src a row', () => {
    const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).filter((name) => !(name in layers))).toEqual([]);
  });

  it('keeps every source file under 300 lines and every test under 500', () => {
    expect([...tooLong('src'), ...tooLong('test')]).toEqual([]);
  });

  it('opens every source file with a sentence that says what it is', () => {
    const silentFiles = files('src').filter((path) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(path, 'utf8')));
    expect(silentFiles).toEqual([]);
  });

  it('has no part that waits for later', () => {
    const waiting = files('src').filter((path) => /\b(TODO|FIXME|XXX)\b/.test(readFileSync(path, 'utf8')));
    expect(waiting).toEqual([]);
  });
});
