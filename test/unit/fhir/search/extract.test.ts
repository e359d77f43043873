/** Index rows of resources: https://hl7.org/fhir/R4/search.html */
import { describe, expect, it } from 'vitest';
import { resourceTypes } from '../../../../src/fhir/definitions/types.ts';
import { extract } from '../../../../src/fhir/search/extract.ts';
import { compileExtractor } from '../../../../src/fhir/search/extract-parameter.ts';
import { isFullText, r4Parameters } from '../../../../src/fhir/search/parameters.ts';
import type { IndexRow } from '../../../../src/store/search/index-row.ts';

/** The rows of one parameter, without its name. */
function rows(resource: unknown, param: string, base?: string) {
  return extract(resource, base === undefined ? {} : { base })
    .filter((row) => row.param === param)
    .map(({ param: _, ...row }) => row);
}

const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more });

describe('extract token', () => {
  it('takes every coding of a concept', () => {
    const code = { coding: [{ system: 'http://loinc.org', code: '8310-5' }, { code: 'temp' }], text: 'Temperature' };
    expect(rows(observation({ code }), 'Observation.code')).toEqual([
      { kind: 'token', system: 'http://loinc.org', code: '8310-5', names: ['Temperature'], coded: true },
      { kind: 'token', code: 'temp', names: ['Temperature'], coded: true },
    ]);
  });
  it('takes system and value of an identifier', () => {
    const patient = {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:x', value: '7' }, { value: '8' }, { system: 'urn:y' }],
    };
    expect(rows(patient, 'Patient.identifier')).toEqual([
      { kind: 'token', system: 'urn:x', code: '7' },
      { kind: 'token', code: '8' },
    ]);
  });
  it('gives a bare code the system of its value set', () => {
    expect(rows({ resourceType: 'Patient', gender: 'female' }, 'Patient.gender')).toEqual([
      { kind: 'token', system: 'http://hl7.org/fhir/administrative-gender', code: 'female', coded: true },
    ]);
  });
  it('indexes booleans, also those that an expression computes', () => {
    expect(rows({ resourceType: 'Patient', active: false }, 'Patient.active')).toEqual([
      { kind: 'token', code: 'false' },
    ]);
    const dead = { resourceType: 'Patient', deceasedDateTime: '2020' };
    expect(rows(dead, 'Patient.deceased')).toEqual([{ kind: 'token', code: 'true' }]);
    expect(rows({ resourceType: 'Patient' }, 'Patient.deceased')).toEqual([{ kind: 'token', code: 'false' }]);
  });
  it('filters by where()', () => {
    const telecom = [
      { system: 'phone', value: '1' },
      { system: 'email', value: 'a@b' },
    ];
    expect(rows({ resourceType: 'Patient', telecom }, 'Patient.email')).toEqual([
      { kind: 'token', system: 'email', code: 'a@b' },
    ]);
  });
  it('gives equal values once', () => {
    const coding = { system: 's', code: 'c' };
    expect(rows(observation({ code: { coding: [coding, coding] } }), 'Observation.code')).toHaveLength(1);
  });
});

describe('names of tokens (R4 3.1.1.4.10, :text)', () => {
  it('are the displays and the text of a concept', () => {
    const code = { coding: [{ code: 'a', display: 'A' }, { display: 'B' }], text: 'C' };
    expect(rows(observation({ code }), 'Observation.code')).toEqual([
      { kind: 'token', code: 'a', names: ['A', 'C'], coded: true },
      { kind: 'token', code: '', names: ['B'], coded: true },
    ]);
  });
  it('are there without a code', () =>
    expect(rows(observation({ code: { text: 'Cough' } }), 'Observation.code')).toEqual([
      { kind: 'token', code: '', names: ['Cough'], coded: true },
    ]));
  it('of an identifier are those of its type', () => {
    const type = { coding: [{ system: 'urn:t', code: 'MR' }], text: 'Record number' };
    const patient = { resourceType: 'Patient', identifier: [{ system: 'urn:x', value: '7', type }] };
    expect(rows(patient, 'Patient.identifier')).toEqual([
      {
        kind: 'token',
        system: 'urn:x',
        code: '7',
        names: ['Record number'],
        types: [{ system: 'urn:t', code: 'MR' }],
      },
    ]);
  });
});

describe('composites (R4 3.1.1.4.17)', () => {
  const quantity = (value: number) => ({ value, system: 'urn:u', code: 'mm[Hg]', unit: 'mmHg' });
  const part = (value: number) => ({
    kind: 'quantity',
    low: value,
    high: value,
    system: 'urn:u',
    code: 'mm[Hg]',
    spoken: 'mmHg',
  });
  it('pair what one component has', () => {
    const component = [
      { code: { coding: [{ code: 'sys' }] }, valueQuantity: quantity(120) },
      { code: { coding: [{ code: 'dia' }] }, valueQuantity: quantity(80) },
    ];
    const found = rows(observation({ component }), 'Observation.component-code-value-quantity');
    expect(found).toEqual([
      { kind: 'composite', parts: [{ kind: 'token', code: 'sys', coded: true }, part(120)] },
      { kind: 'composite', parts: [{ kind: 'token', code: 'dia', coded: true }, part(80)] },
    ]);
  });
  it('give nothing where a component has no value', () =>
    expect(rows(observation({ code: { coding: [{ code: 'a' }] } }), 'Observation.code-value-quantity')).toEqual([]));
  it('read dates, strings and what %resource has', () => {
    const code = { coding: [{ code: 'a' }] };
    expect(rows(observation({ code, valueDateTime: '2020' }), 'Observation.code-value-date')).toHaveLength(1);
    expect(rows(observation({ code, valueString: 'x' }), 'Observation.code-value-string')).toHaveLength(1);
    const sequence = {
      resourceType: 'MolecularSequence',
      coordinateSystem: 0,
      referenceSeq: { chromosome: { coding: [{ code: '1' }] }, windowStart: 1, windowEnd: 9 },
      variant: [{ start: 3, end: 4 }],
    };
    const variants = rows(sequence, 'MolecularSequence.chromosome-variant-coordinate');
    expect(variants).toHaveLength(1);
    expect(variants[0]).toMatchObject({ parts: [{ code: '1' }, { low: 3 }, { low: 4 }] });
  });
});

describe('extract reference', () => {
  const subject = (reference: object) =>
    rows(observation({ subject: reference }), 'Observation.subject', 'http://here/fhir');
  it('reads relative ones and their version', () => {
    expect(subject({ reference: 'Patient/1' })).toEqual([{ kind: 'reference', target: { type: 'Patient', id: '1' } }]);
    expect(subject({ reference: 'Patient/1/_history/2' })).toEqual([
      { kind: 'reference', target: { type: 'Patient', id: '1', version: '2' } },
    ]);
  });
  it('knows its own base', () => {
    expect(subject({ reference: 'http://here/fhir/Patient/1' })).toEqual([
      { kind: 'reference', target: { type: 'Patient', id: '1' } },
    ]);
    expect(subject({ reference: 'http://there/fhir/Patient/1' })).toEqual([
      { kind: 'reference', url: 'http://there/fhir/Patient/1' },
    ]);
  });
  it('names what is contained as the resource does', () =>
    expect(subject({ reference: '#p' })).toEqual([{ kind: 'reference', url: '#p' }]));
  it('indexes the identifier of a logical reference apart', () => {
    const resource = observation({ subject: { identifier: { system: 's', value: 'v' } } });
    expect(rows(resource, 'Observation.subject:identifier')).toEqual([{ kind: 'token', system: 's', code: 'v' }]);
  });
  it('finds a canonical with and without version', () => {
    const canonical = { resourceType: 'QuestionnaireResponse', status: 'completed', questionnaire: 'http://q|2' };
    expect(rows(canonical, 'QuestionnaireResponse.questionnaire')).toEqual([
      { kind: 'reference', url: 'http://q|2' },
      { kind: 'reference', url: 'http://q' },
      { kind: 'uri', value: 'http://q|2' },
    ]);
  });
  it('tells the type of resolve() from the reference', () => {
    expect(rows(observation({ subject: { reference: 'Group/1' } }), 'Observation.patient')).toEqual([]);
    expect(rows(observation({ subject: { reference: 'Patient/1' } }), 'Observation.patient')).toHaveLength(1);
  });
});

describe('extract string', () => {
  it('takes the parts of a name and the whole', () => {
    const name = [{ family: 'Durand', given: ['Anne', 'Marie'], prefix: ['Mme'] }];
    expect(
      rows({ resourceType: 'Patient', name }, 'Patient.name').map((row) => row.kind === 'string' && row.value),
    ).toEqual(['Durand', 'Anne', 'Marie', 'Mme', 'Anne Marie Durand']);
  });
  it('takes the parts of an address', () => {
    const address = [{ line: ['1 rue X', 'bât. 2'], city: 'Lyon', postalCode: '69001' }];
    expect(rows({ resourceType: 'Patient', address }, 'Patient.address')).toHaveLength(4);
  });
  it('skips a null that stands for an extension', () => {
    const name = [{ given: [null, 'B'], _given: [{ extension: [{ url: 'u', valueString: 'x' }] }, null] }];
    expect(rows({ resourceType: 'Patient', name }, 'Patient.given')).toEqual([{ kind: 'string', value: 'B' }]);
  });
});

describe('extract date', () => {
  it('takes each type of a choice', () => {
    const low = Date.parse('2020-01-01T00:00:00Z');
    const year = { kind: 'date', low, high: Date.parse('2021-01-01T00:00:00Z') - 1 };
    expect(rows(observation({ effectiveDateTime: '2020' }), 'Observation.date')).toEqual([year]);
    expect(rows(observation({ effectivePeriod: { start: '2020-01' } }), 'Observation.date')).toEqual([
      { kind: 'date', low, high: Number.POSITIVE_INFINITY },
    ]);
    expect(rows(observation({ effectiveTiming: { event: ['2020'] } }), 'Observation.date')).toEqual([year]);
  });
  it('makes no date of what is none', () => {
    expect(rows(observation({ effectiveDateTime: 'yesterday' }), 'Observation.date')).toEqual([]);
  });
});

describe('extract quantity and number', () => {
  const value = (quantity: object) => rows(observation({ valueQuantity: quantity }), 'Observation.value-quantity');
  it('keeps value, system and code', () => {
    expect(value({ value: 37.5, system: 'u', code: 'Cel', unit: 'Cel' })).toEqual([
      { kind: 'quantity', low: 37.5, high: 37.5, system: 'u', code: 'Cel' },
    ]);
  });
  it('adds the printed unit when it differs', () => {
    expect(value({ value: 1, code: 'Cel', unit: '°C' }).map((row) => row.kind === 'quantity' && row.code)).toEqual([
      'Cel',
      '°C',
    ]);
  });
  it('opens the side that a comparator opens', () => {
    expect(value({ value: 5, comparator: '<' })).toEqual([
      { kind: 'quantity', low: Number.NEGATIVE_INFINITY, high: 5 },
    ]);
    expect(value({ value: 5, comparator: '>=' })).toEqual([
      { kind: 'quantity', low: 5, high: Number.POSITIVE_INFINITY },
    ]);
  });
  it('indexes numbers', () => {
    const risk = {
      resourceType: 'RiskAssessment',
      status: 'final',
      subject: {},
      prediction: [{ probabilityDecimal: 0.7 }],
    };
    expect(rows(risk, 'RiskAssessment.probability')).toEqual([{ kind: 'quantity', low: 0.7, high: 0.7 }]);
  });
});

describe('extract uri', () => {
  it('takes it as it is', () => {
    expect(rows({ resourceType: 'ValueSet', status: 'draft', url: 'http://x/y' }, 'ValueSet.url')).toEqual([
      { kind: 'uri', value: 'http://x/y' },
    ]);
  });
});

describe('all parameters', () => {
  it('compile for every type', () => {
    for (const type of resourceTypes())
      for (const parameter of r4Parameters.parameters(type)) compileExtractor(type, parameter);
  });
  it('index something, save composites that the rows of others are searched for', () => {
    const silent = resourceTypes().flatMap((type) =>
      r4Parameters
        .parameters(type)
        .filter((parameter) => !isFullText(parameter) && !compileExtractor(type, parameter))
        .map(({ code }) => `${type}.${code}`),
    );
    expect(silent).toEqual(['Observation.combo-code-value-concept', 'Observation.combo-code-value-quantity']);
  });
  it.each([undefined, null, 1, 'x', [], {}, { resourceType: 'Nothing' }, { resourceType: '__proto__' }])(
    'give no rows for %j',
    (value) => expect(extract(value)).toEqual([] satisfies IndexRow[]),
  );
});
