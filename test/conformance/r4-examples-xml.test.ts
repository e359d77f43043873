/** The official examples of R4 as XML and back: nothing is lost. https://hl7.org/fhir/R4/xml.html */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../src/fhir/json/exact.ts';
import { fromXml } from '../../src/fhir/xml/read.ts';
import { toXml } from '../../src/fhir/xml/write.ts';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !/^(\.|package)/.test(name));

describe('the official R4 examples', () => {
  // 190 MB of JSON: half a minute on a quiet core, more beside other tests.
  it('are the same after JSON, XML and JSON, to the last digit', { timeout: 600_000 }, async () => {
    const changed: string[] = [];
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!isDeepStrictEqual(parseExact(await fromXml(toXml(text))), parseExact(text))) changed.push(file);
    }
    expect([files.length, changed]).toEqual([5306, []]);
  });
});
