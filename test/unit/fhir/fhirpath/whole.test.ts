/** All of FHIRPath's functions and types: https://hl7.org/fhirpath/N1/, https://hl7.org/fhir/R4/fhirpath.html */
import { describe, expect, it } from 'vitest';
import { compile } from '../../../../src/fhir/fhirpath/compile.ts';
import type { Environment } from '../../../../src/fhir/fhirpath/environment.ts';

const birthTime = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime';
const patient = {
  resourceType: 'Patient',
  id: 'example',
  active: true,
  name: [
    { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
    { use: 'usual', given: ['Jim'] },
    { use: 'maiden', family: 'Windsor', given: ['Peter', 'James'], period: { end: '2002' } },
  ],
  telecom: [{ use: 'home' }, { system: 'phone', value: '(03) 5555 6473', use: 'work', rank: 1 }],
  gender: 'male',
  birthDate: '1974-12-25',
  _birthDate: { extension: [{ url: birthTime, valueDateTime: '1974-12-25T14:35:45-05:00' }] },
  deceasedBoolean: false,
};
const observation = {
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  valueQuantity: { value: 185, unit: 'lbs', system: 'http://unitsofmeasure.org', code: '[lb_av]' },
};

function evaluate(expression: string, resource: { readonly resourceType: string }, more: Partial<Environment> = {}) {
  return compile(expression, [resource.resourceType]).run([resource], { resource, root: resource, ...more });
}

const ofPatient: readonly (readonly [string, readonly unknown[]])[] = [
  ["Patient.birthDate.extension('http://hl7.org/fhir/StructureDefinition/patient-birthTime').exists()", [true]],
  ['birthDate < today()', [true]],
  ['@2015.is(Date)', [true]],
  ['@2015-02-04T14.is(DateTime)', [true]],
  ['@T14:34:28.is(Time)', [true]],
  ['@2012-04-15 = @2012-04-15T10:00:00', []],
  ['@2012-04-15T15:00:00Z = @2012-04-15T10:00:00-05:00', [true]],
  ['@2012-04-15 != @2012-04-16', [true]],
  ['@1974-12-25 + 7 days', ['1975-01-01']],
  ["@1973-12-25 + 7 'd'", ['1974-01-01']],
  ['@2014 + 24 months', ['2016']],
  ['@T01:00:00 + 2 hours', ['03:00:00']],
  ['@T23:00:00 + 2 hours', ['01:00:00']],
  ['@1973-12-25T00:00:00.000+10:00 + 1 second', ['1973-12-25T00:00:01.000+10:00']],
  ['@2016-02-29 + 1 year', ['2017-02-28']],
  ['1.is(Integer)', [true]],
  ['1.0.is(Decimal)', [true]],
  ['1.is(System.Integer)', [true]],
  ['Patient.active.is(boolean)', [true]],
  ['Patient.active.is(Boolean).not()', [true]],
  ['Patient.active.is(FHIR.boolean)', [true]],
  ['Patient.active.is(System.Boolean).not()', [true]],
  ['Patient.is(DomainResource)', [true]],
  ['Patient.is(FHIR.`Patient`)', [true]],
  ["Patient.type().name = 'Patient'", [true]],
  ["Patient.active.type().namespace = 'FHIR'", [true]],
  ["'x'.type().name='String'", [true]],
  ["4 'g' = 4000 'mg'", [true]],
  ["4 'g' ~ 4000 'mg'", [true]],
  ["1 'cm' = 0.01 'm'", [true]],
  ['7 days = 1 week', [true]],
  ["7 days = 1 'wk'", [true]],
  ["1 year = 1 'a'", []],
  ["2.0 'cm' * 2.0 'm' = 0.040 'm2'", [true]],
  ["4.0 'g' / 2.0 'm'", [{ value: 2, unit: 'g/m' }]],
  ["1.0 'm' / 1.0 'm' = 1 '1'", [true]],
  ["-1 'mg'", [{ value: -1, unit: 'mg' }]],
  ['name.where($index=1).given', ['Jim']],
  ["Patient.name.given.aggregate($total & $this, '')", ['PeterJamesJimPeterJames']],
  ['(1|2|3).aggregate($this+$total, 0)', [6]],
  ['Patient.name.select(given | family).distinct()', ['Peter', 'James', 'Chalmers', 'Jim', 'Windsor']],
  ["'1'.toInteger()", [1]],
  ["'true'.toBoolean()", [true]],
  ["'y'.toBoolean()", [true]],
  ["'a'.convertsToInteger()", [false]],
  ["'2015'.convertsToDate()", [true]],
  ["'2015-13'.convertsToDate()", [false]],
  ["'14:34'.toTime()", ['14:34']],
  ['1.toQuantity()', [{ value: 1, unit: '1' }]],
  ["'1 day'.toQuantity() = 1 day", [true]],
  ["1 'wk'.toString()", ["1 'wk'"]],
  ["'1'.convertsToQuantity('wk')", [false]],
  ['1.1.round(0)', [1]],
  ['1.23456.round(3)', [1.235]],
  ['2.power(3)', [8]],
  ['81.sqrt()', [9]],
  ['(-1).sqrt()', []],
  ['16.log(2)', [4]],
  ['1.0.ln()', [0]],
  ['(-5).abs()', [5]],
  ["-5.5 'mg'.abs()", [{ value: -5.5, unit: 'mg' }]],
  ["(-5.5 'mg').abs()", [{ value: 5.5, unit: 'mg' }]],
  ['101.99.truncate()', [101]],
  ['(-1.56).ceiling()', [-1]],
  ['1.2 + 1.8 = 3.0', [true]],
  ['1.8 - 1.2 = 0.6', [true]],
  ['1 / 2 = 0.5', [true]],
  ['2.2 div 1.8 = 1', [true]],
  ['2.2 mod 1.8 = 0.4', [true]],
  ["'ABC'.toChars()", ['A', 'B', 'C']],
  ["'a,b'.split(',')", ['a', 'b']],
  ["('a'|'b').join(',')", ['a,b']],
  ["'test'.encode('hex')", ['74657374']],
  ["'<a>'.escape('html')", ['&lt;a&gt;']],
  ["' x '.trim()", ['x']],
  ['1.1 ~ 1.1', [true]],
  ['0.67 ~ 0.671', [true]],
  ['(1|2) ~ (2|1)', [true]],
  ['name.given.combine(name.family).count()', [7]],
  ['{} ~ {}', [true]],
  ['{} = {}', []],
  ["'abc' ~ 'ABC'", [true]],
  ['@2012 ~ @2012-01', [false]],
  ['%`vs-administrative-gender`', ['http://hl7.org/fhir/ValueSet/administrative-gender']],
  ['%`ext-patient-birthTime`', ['http://hl7.org/fhir/StructureDefinition/patient-birthTime']],
  ['Patient.birthDate.toString()', ['1974-12-25']],
  ['now() > @2015', [true]],
  ['now().toString().length() > 20', [true]],
  ['today() = today()', [true]],
  ['timeOfDay().exists()', [true]],
  ['Patient.name.first().given.first().is(string)', [true]],
  ['Patient.gender.is(code)', [true]],
  ['Patient.gender.is(string)', [true]],
  ['Patient.ofType(Patient).gender', ['male']],
  ['Patient.children().count() > 5', [true]],
  ['Patient.deceased.is(boolean)', [true]],
  ['Patient.name.period.end = @2002', [true]],
  ["iif(true, 1, 'x')", [1]],
  ['1 = 1.0', [true]],
  ['1 != 2', [true]],
  ["'1' = 1", [false]],
  ['Patient.telecom.rank > 0', [true]],
  ['Patient.birthDate.hasValue()', [true]],
  ['Patient.birthDate.id', []],
  ['true.toString()', ['true']],
  ['@2018-03-01T10:30:00.0 = @2018-03-01T10:30:00.00', [true]],
  ['@2018-03-01T10:30 < @2018-03-01T10:30:00', []],
  ['@2018-03 > @2018-02-15', [true]],
  ['@T10:30 > @T10:00', [true]],
  ['10 seconds < 1 minute', [true]],
  ["'abc'.indexOf('z')", [-1]],
  ["'LogicalModel-Person'.substring(0, 12)", ['LogicalModel']],
  ["''.length()", [0]],
  ['name.exists($this.given.exists())', [true]],
  ['Patient.name.repeat(given).count()', [3]],
  ['Patient.identifier.exists() = false', [true]],
  ["Patient.name.first().given.first().startsWith('P')", [true]],
  ['1 | 1 | 2', [1, 2]],
  ["Patient.active = true and gender='male'", [true]],
  ['`Patient`.active', [true]],
  ['Patient.name.given.single()', []],
  ['Patient.birthDate + 1 month', ['1975-01-25']],
  ['(true | false).allTrue()', [false]],
  ['Patient.name.given.isDistinct()', [false]],
  ['5 days.toString()', ['5 days']],
  ["'x'.matches('^x$')", [true]],
  ['-7 div 2', [-3]],
  ["Patient.conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", []],
];

const ofObservation: readonly (readonly [string, readonly unknown[]])[] = [
  ['Observation.value.is(Quantity)', [true]],
  ['Observation.value is Quantity', [true]],
  ['Observation.value is Period', [false]],
  ['Observation.value.is(Quantity).not()', [false]],
  ['Observation.value.unit', ['lbs']],
  ["Observation.value > 100 '[lb_av]'", [true]],
  ["Observation.value = 185 '[lb_av]'", [true]],
  ['(Observation.value as Quantity).unit', ['lbs']],
  ['Observation.value.as(Period).unit', []],
];

describe('FHIRPath on a Patient', () => {
  it.each(ofPatient)('%s', (expression, result) => expect(evaluate(expression, patient)).toEqual(result));
});

describe('FHIRPath on an Observation', () => {
  it.each(ofObservation)('%s', (expression, result) => expect(evaluate(expression, observation)).toEqual(result));
});

describe('FHIRPath asks its environment', () => {
  it('for the time', () => {
    const now = new Date('2020-02-03T04:05:06.000Z');
    expect(evaluate('now() | today() | timeOfDay()', patient, { now })).toEqual([
      '2020-02-03T04:05:06.000+00:00',
      '2020-02-03',
      '04:05:06.000',
    ]);
  });
  it('for profiles and value sets', () => {
    const known = {
      conformsTo: (_: unknown, url: string) => url === 'p',
      memberOf: (_: unknown, url: string) => url === 'v',
    };
    expect(evaluate("conformsTo('p') and gender.memberOf('v') and gender.memberOf('w').not()", patient, known)).toEqual(
      [true],
    );
  });
});

describe('a repetition', () => {
  it('ends when it finds nothing new', () => {
    expect(evaluate("repeat('x')", patient)).toEqual(['x']);
  });
});
