// A body at the limit, taken apart in steps: the same values and the same refusals as in one go.
import { describe, expect, it } from 'vitest';
import { decodeLongText, parseLongText, parseText } from '../../../../src/fhir/json/body.ts';
import { checkJson } from '../../../../src/fhir/json/check.ts';
import { parseInTurns } from '../../../../src/fhir/json/parse-in-turns.ts';
import { FhirError } from '../../../../src/shared/errors.ts';

const observation = { resourceType: 'Observation', code: { text: 'Fièvre 🌡' }, note: [{ text: 'x'.repeat(1000) }] };
const bundle = (count: number) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: Array.from({ length: count }, (_, at) => ({ resource: { ...observation, id: `o-${at}` } })),
});

async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof FhirError) return error.message;
    throw error;
  }
}

describe('parseInTurns', () => {
  it.each([
    '{}',
    ' { } ',
    '[1]',
    '"a"',
    '{"a":[],"b":[ ],"c":[[1],{"d":[2]}],"e":null}',
    '{"__proto__":{"x":1},"constructor":[1]}',
    '{"a":[1,2,]}',
    '{"a":[1 2]}',
    '{"a":[{"b":1,"b":2}]}',
    '{"a":1,"a":[2]}',
    '{"a":[1]',
    '{"a":["\\ud800"]}',
    '{"a":[1]} x',
    '{"a":[1e999]}',
    '{"a" [1]}',
    '{a:[1]}',
    '',
    `{"a":${'['.repeat(64)}1${']'.repeat(64)}}`,
    `{"a":${'['.repeat(63)}1${']'.repeat(63)}}`,
  ])('says of %j what checkJson and JSON.parse say', async (text) => {
    for (const one of [text, `{"resourceType":"Basic","whole":${text}}`]) {
      const whole = await outcomeOf(() => {
        checkJson(one);
        return JSON.parse(one);
      });
      expect(await outcomeOf(() => parseInTurns(one))).toEqual(whole);
    }
  });

  it('gives a long Bundle as JSON.parse does, and lets others have their turn meanwhile', async () => {
    const bytes = Buffer.from(JSON.stringify(bundle(4000)));
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const text = await decodeLongText(bytes);
    const { resource } = await parseLongText(text);
    isDone = true;
    expect(text).toBe(bytes.toString('utf8'));
    expect(resource).toEqual(JSON.parse(text));
    expect(turns).toBeGreaterThan(text.length / 150_000);
  });

  it('names the place of what is wrong in a long body', async () => {
    const text = JSON.stringify(bundle(1000)).replace('"o-900"', '"o-900');
    const steps = await outcomeOf(() => parseLongText(text));
    expect(steps).toBe(await outcomeOf(() => parseText(text)));
    expect(steps).toMatch(/^Malformed JSON: .* at line 1, column \d+/);
  });

  it('decodes long texts whatever characters they are cut at', async () => {
    const text = `a${'🌡é'.repeat(200_000)}`;
    for (const start of ['', 'b', 'bc', 'bcd']) {
      expect((await decodeLongText(Buffer.from(start + text))) === start + text).toBe(true);
    }
    const broken = Buffer.concat([Buffer.from('é'.repeat(400_000)), Buffer.from([0xff])]);
    expect(await outcomeOf(() => decodeLongText(broken))).toContain('byte 800000 begins no character');
  });
});
