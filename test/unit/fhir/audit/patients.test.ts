/** Whose data a resource holds, read from its text. */
import { describe, expect, it } from 'vitest';
import { patientsIn } from '../../../../src/fhir/audit/patients.ts';

const of = (body: string, type = 'Observation') => patientsIn({ type, id: '1', body });

describe('the patients of a resource', () => {
  it('are the Patient itself and those that it links to', () =>
    expect(of('{"link":[{"other":{"reference":"Patient/2"}}]}', 'Patient')).toEqual(['Patient/1', 'Patient/2']));

  it.each([
    ['a relative reference', '{"subject":{"reference":"Patient/a-1.b"}}'],
    ['one to a version', '{"subject":{"reference":"Patient/a-1.b/_history/3"}}'],
    ['an absolute one', '{"subject":{"reference":"https://autre.example.org/fhir/Patient/a-1.b"}}'],
    [
      'an absolute one to a version',
      '{"subject":{"reference":"https://autre.example.org/fhir/Patient/a-1.b/_history/9"}}',
    ],
    ['one that is written with spaces', '{"subject": {\n  "reference" \t:\r\n "Patient/a-1.b" }}'],
    ['one that comes twice, once', '[{"reference":"Patient/a-1.b"},{"reference":"Patient/a-1.b/_history/1"}]'],
  ])('are found by %s', (_, body) => expect(of(body)).toEqual(['Patient/a-1.b']));

  it.each([
    ['another property', '{"display":"Patient/1"}'],
    ['a name that only ends so', '{"reference":"NotPatient/1"}'],
    ['what is below a Patient', '{"reference":"Patient/1/photo"}'],
    ['a conditional reference', '{"reference":"Patient?identifier=1"}'],
    ['no id', '{"reference":"Patient/"}'],
    ['what no id has', '{"reference":"Patient/é"}'],
    ['more than 64 characters', `{"reference":"Patient/${'a'.repeat(65)}"}`],
    ['the narrative', String.raw`{"div":"<div>\"reference\":\"Patient/1\"</div>"}`],
    ['an escape before it', String.raw`{"reference":"\u0041/Patient/1"}`],
    ['an escape after it', String.raw`{"reference":"Patient/1/_history/\u0031"}`],
  ])('are not in %s', (_, body) => expect(of(body)).toEqual([]));
});
