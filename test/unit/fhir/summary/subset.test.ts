// https://hl7.org/fhir/R4/search.html#summary: parts of resources, cut out of their text
import { describe, expect, it } from 'vitest';
import { shapedReply } from '../../../../src/fhir/summary/apply.ts';
import { partIssues } from '../../../../src/fhir/summary/part.ts';
import { askedShape, demandKnown } from '../../../../src/fhir/summary/shape.ts';

const version = { type: 'X', id: 'x', version: 1, updated: '2020-01-01T00:00:00Z' };
const tag =
  '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED","display":"subsetted"}';

function cut(query: string, text: string): string | undefined {
  return shapedReply({ status: 200, text, version }, askedShape(new URLSearchParams(query))).text;
}
const parsed = (query: string, resource: object) => JSON.parse(cut(query, JSON.stringify(resource)) ?? '') as unknown;

const observation =
  '{"resourceType":"Observation","id":"o","meta":{"versionId":"1"},"text":{"status":"generated","div":"<div/>"},' +
  '"extension":[{"url":"u","valueDecimal":1.0}],"status":"final","code":{"text":"c"},"_issued":{"id":"i"},' +
  '"valueQuantity":{"value":1.10,"extension":[]},"note":[{"text":"n"}],"component":[{"id":"k","code":{"text":"d"},' +
  '"valueQuantity":{"value":2.50},"interpretation":[{"text":"x"}]}]}';
const head = `{"resourceType":"Observation","id":"o","meta":{"versionId":"1","tag":[${tag}]}`;

describe('_summary', () => {
  it('true keeps what the definition marks, in backbones too, and the digits (search.html#summary)', () => {
    expect(cut('_summary=true', observation)).toBe(
      `${head},"status":"final","code":{"text":"c"},"_issued":{"id":"i"},"valueQuantity":{"value":1.10,"extension":[]},` +
        '"component":[{"id":"k","code":{"text":"d"},"valueQuantity":{"value":2.50}}]}',
    );
  });

  it('text keeps the text and what is mandatory', () => {
    expect(cut('_summary=text', observation)).toBe(
      `${head},"text":{"status":"generated","div":"<div/>"},"status":"final","code":{"text":"c"}}`,
    );
  });

  it('data takes the text away', () => {
    const expected = observation.replace(/"text":\{"status[^}]*\},/, '').replace(/\{.*?"versionId":"1"\}/, head);
    expect(cut('_summary=data', observation)).toBe(expected);
  });

  it('false and count leave resources whole', () => {
    expect(cut('_summary=false', observation)).toBe(observation);
    expect(cut('_summary=count', observation)).toBe(observation);
  });

  it('tags what has no meta, no tags or other tags, once', () => {
    const subsetted = JSON.parse(tag) as object;
    const meta = (given: object) =>
      (parsed('_summary=data', { resourceType: 'Patient', ...given }) as { meta: object }).meta;
    expect(meta({})).toEqual({ tag: [subsetted] });
    expect(meta({ meta: {} })).toEqual({ tag: [subsetted] });
    expect(meta({ meta: { tag: [] } })).toEqual({ tag: [subsetted] });
    expect(meta({ meta: { tag: [{ code: 'a' }], source: 's' } })).toEqual({
      tag: [subsetted, { code: 'a' }],
      source: 's',
    });
    const resourceType = 'Patient';
    expect(partIssues({ resourceType, meta: { tag: [{ code: 'a' }, subsetted] } })).toHaveLength(1);
    expect(partIssues({ resourceType, meta: { tag: [{ code: 'SUBSETTED' }] } })).toEqual([]);
    expect(partIssues({ resourceType })).toEqual([]);
  });

  it('ends in elements that hold each other', () => {
    const item = [{ linkId: '1', type: 'group', item: [{ linkId: '2', type: 'string' }] }];
    expect(parsed('_summary=true', { resourceType: 'Questionnaire', status: 'draft', item })).toMatchObject({
      status: 'draft',
    });
  });
});

describe('_elements', () => {
  it('keeps what is asked for, what is mandatory and what modifies (search.html#elements)', () => {
    const patient = {
      resourceType: 'Patient',
      id: 'p',
      active: true,
      name: [{ family: 'A' }],
      gender: 'male',
      birthDate: '2020',
      _birthDate: { id: 'b' },
      modifierExtension: [{ url: 'u' }],
      implicitRules: 'http://r',
    };
    expect(parsed('_elements=birthDate', patient)).toEqual({
      resourceType: 'Patient',
      id: 'p',
      meta: { tag: [JSON.parse(tag)] },
      active: true,
      birthDate: '2020',
      _birthDate: { id: 'b' },
      modifierExtension: [{ url: 'u' }],
      implicitRules: 'http://r',
    });
  });

  it('knows a choice by its name with and without the type', () => {
    for (const name of ['value', 'valueQuantity', 'Observation.value', 'value.value']) {
      expect(cut(`_elements=${name}`, observation)).toContain('"valueQuantity":{"value":1.10');
    }
    expect(cut('_elements=valueString', observation)).not.toContain('"value"');
  });

  it('of one type leaves the others whole', () => {
    expect(cut('_elements=Patient.name', observation)).toBe(observation);
    const entries = [
      { resource: { resourceType: 'Patient', gender: 'male', name: [{ family: 'A' }] } },
      { resource: { resourceType: 'Device', status: 'active' } },
      { resource: { resourceType: 'OperationOutcome', issue: [] }, search: { mode: 'outcome' } },
    ];
    const text = JSON.stringify({ resourceType: 'Bundle', type: 'searchset', total: 2, entry: entries });
    const reply = shapedReply(
      { status: 200, text },
      askedShape(new URLSearchParams('_elements=Patient.gender,Patient.id')),
    );
    expect(JSON.parse(reply.text ?? '')).toEqual({
      resourceType: 'Bundle',
      type: 'searchset',
      total: 2,
      entry: [
        { resource: { resourceType: 'Patient', meta: { tag: [JSON.parse(tag)] }, gender: 'male' } },
        entries[1],
        entries[2],
      ],
    });
  });

  it('cuts a stored Bundle as the resource that it is, and leaves results of operations alone', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      timestamp: '2020',
      entry: [{ resource: { resourceType: 'Patient' } }],
    };
    expect(parsed('_elements=timestamp', bundle)).toEqual({
      resourceType: 'Bundle',
      meta: { tag: [JSON.parse(tag)] },
      type: 'collection',
      timestamp: '2020',
    });
    const text = '{"resourceType":"Parameters","parameter":[{"name":"a"}]}';
    expect(shapedReply({ status: 200, text }, askedShape(new URLSearchParams('_summary=true'))).text).toBe(text);
  });

  it.each([
    ['_summary=yes', '"yes"'],
    ['_summary=true&_elements=name', 'mixed'],
    ['_summary=text&_include=Patient:organization', 'mixed'],
    ['_elements=na me', '"na me"'],
    ['_elements=Patient', 'is a type'],
    [`_elements=${'a,'.repeat(600)}a`, 'more than'],
  ])('%.40s is refused', (query, said) => {
    expect(() => askedShape(new URLSearchParams(query))).toThrow(said);
  });

  it('that do not exist are refused when somebody is strict', () => {
    const shape = askedShape(new URLSearchParams('_elements=name,colour'));
    expect(() => demandKnown(shape, 'Patient')).toThrow('Patient has no element colour');
    expect(() => demandKnown(shape, '')).not.toThrow();
  });
});
