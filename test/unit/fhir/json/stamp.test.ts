// https://hl7.org/fhir/R4/http.html#create: the server sets id, meta.versionId and meta.lastUpdated, and nothing else.
import { describe, expect, it } from 'vitest';
import { stamp } from '../../../../src/fhir/json/stamp.ts';

const at = { id: 'abc', updated: '2026-11-22T10:00:00.000Z' };
const stamped = (text: string) => stamp(text, at).join('7');
const meta = '"meta":{"versionId":"7","lastUpdated":"2026-11-22T10:00:00.000Z"}';

describe('stamp', () => {
  it('inserts id and meta behind resourceType', () => {
    expect(stamped('{"resourceType":"Basic","code":{}}')).toBe(`{"resourceType":"Basic","id":"abc",${meta},"code":{}}`);
    expect(stamped('{"resourceType":"Basic"}')).toBe(`{"resourceType":"Basic","id":"abc",${meta}}`);
  });

  it('replaces id and meta where they are and keeps spaces, order and digits', () => {
    expect(stamped('{ "x": 1.10 ,\n "meta" : {} , "id":"old", "resourceType": "Basic" }')).toBe(
      `{ "x": 1.10 ,\n "meta" : ${meta.slice(7)} , "id":"abc", "resourceType": "Basic" }`,
    );
  });

  it('inserts id before a meta that stands in front', () => {
    expect(stamped('{"meta":{},"resourceType":"Basic","a":0.0}')).toBe(
      `{${meta},"resourceType":"Basic","id":"abc","a":0.0}`,
    );
  });

  it("keeps the client's tag, security and profile, and drops its version and time", () => {
    const text =
      '{"resourceType":"Basic","meta":{"lastUpdated":"2000-01-01T00:00:00Z","tag":[{"code":"a\\u00e9"}],"versionId":"99","profile":[ "p" ]}}';
    expect(stamped(text)).toBe(
      `{"resourceType":"Basic","id":"abc",${meta.slice(0, -1)},"tag":[{"code":"a\\u00e9"}],"profile":[ "p" ]}}`,
    );
  });

  it('touches no id or meta of what is inside', () => {
    const inner = '"contained":[{"resourceType":"Patient","id":"p","meta":{"versionId":"1"}}]';
    expect(stamped(`{"resourceType":"Basic",${inner}}`)).toBe(`{"resourceType":"Basic","id":"abc",${meta},${inner}}`);
  });
});
