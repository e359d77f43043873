// https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
import { describe, expect, it } from 'vitest';
import { givenOf, isRefusal, type Offer, offersFor } from '../../../../src/auth/consent/narrowing.ts';
import { allowedScope, parseScope } from '../../../../src/auth/scopes.ts';

const category = 'http://terminology.hl7.org/CodeSystem/condition-category';

/** All words that may be given, however deep. */
const all = (offers: readonly Offer[]): readonly string[] =>
  offers.flatMap(({ word, narrower }) => [word, ...all(narrower)]);
const given = (asked: readonly string[], ...ticked: readonly string[]) => givenOf(offersFor(asked), new Set(ticked));

describe('what may be given', () => {
  it('of everything are its types', () => {
    const [offer] = offersFor(['patient/*.rs']);
    const types = offer?.narrower.filter(({ kind }) => kind === 'type').map(({ word }) => word);
    expect(types).toEqual(
      expect.arrayContaining(['patient/Patient.rs', 'patient/Condition.rs', 'patient/Coverage.rs']),
    );
    expect(types).not.toContain('patient/StructureDefinition.rs');
  });

  it.each([
    ['patient/Condition.rs', `patient/Condition.rs?category=${category}|problem-list-item`],
    [
      'user/Observation.cruds',
      'user/Observation.cruds?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
    ],
    ['patient/Condition.read', `patient/Condition.rs?category=${category}|encounter-diagnosis`],
    ['user/Patient.cruds', 'user/Patient.rs'],
    ['user/Patient.*', 'user/Patient.read'],
    ['user/*.cruds', 'user/*.rs'],
    ['user/Patient.crs', 'user/Patient.rs'],
    ['user/Observation.cruds?code=x', 'user/Observation.rs?code=x'],
  ])('of %s is also %s', (asked, narrower) => {
    expect(all(offersFor([asked]))).toContain(narrower);
  });

  it.each(['patient/Patient.rs', 'offline_access', 'launch/patient', 'user/Condition.rs?category=x', 'user/Patient.c'])(
    'of %s is nothing less',
    (asked) => expect(all(offersFor([asked]))).toEqual([asked]),
  );

  it('is never more than what was asked, and always a scope', () => {
    for (const asked of ['patient/*.cruds', 'user/*.read', 'user/Observation.rs', 'patient/Condition.*']) {
      for (const word of all(offersFor([asked]))) {
        expect(parseScope(word), word).toBeDefined();
        expect(allowedScope(word, asked, ['patient', 'user']), word).toEqual([word]);
      }
    }
  });

  it('is offered once when it was asked for itself', () => {
    const words = all(offersFor(['patient/*.rs', 'patient/Patient.rs']));
    expect(words.filter((word) => word === 'patient/Patient.rs')).toHaveLength(1);
  });
});

describe('what is given', () => {
  it('is what is ticked', () => {
    expect(given(['patient/Patient.rs', 'offline_access'], 'patient/Patient.rs')).toEqual(['patient/Patient.rs']);
  });

  it('is the part when a part is ticked, whether or not the whole is', () => {
    const part = `patient/Condition.rs?category=${category}|health-concern`.replace(
      category,
      'http://hl7.org/fhir/us/core/CodeSystem/condition-category',
    );
    expect(given(['patient/Condition.rs'], part)).toEqual([part]);
    expect(given(['patient/Condition.rs'], part, 'patient/Condition.rs')).toEqual([part]);
  });

  it('is never what was not offered', () => {
    expect(given(['patient/Patient.rs'], 'patient/*.cruds', 'user/Patient.rs', 'patient/Patient.cruds')).toEqual([]);
  });

  it('has the sign-in and the launch in any case', () => {
    expect(given(['openid', 'launch/patient', 'patient/Patient.rs'])).toEqual(['openid', 'launch/patient']);
  });

  it.each([
    [['openid', 'launch', 'user/*.rs'], [], true],
    [['openid'], [], false],
    [['openid', 'fhirUser'], ['fhirUser'], false],
  ])('of %j with %j ticked is a refusal: %s', (asked, ticked, expected) => {
    const offers = offersFor(asked);
    expect(isRefusal(offers, givenOf(offers, new Set(ticked)))).toBe(expected);
  });
});
