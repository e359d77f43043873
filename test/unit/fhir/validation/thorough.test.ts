/** What $validate tells besides what a write is refused for: https://hl7.org/fhir/R4/validation.html */
import { describe, expect, it } from 'vitest';
import { createValidation } from '../../../../src/fhir/validation/validator.ts';

const { validate, validateDeep } = createValidation({ profilesFolder: 'fhir-profiles' });
const div = '<div xmlns="http://www.w3.org/1999/xhtml">x</div>';
const patient = (more: object) => ({ resourceType: 'Patient', text: { status: 'generated', div }, ...more });

async function found(resource: unknown): Promise<string[]> {
  // None of it stops a write.
  expect(validate(resource)).toEqual([]);
  const issues = await validateDeep(resource, { thorough: true });
  return issues.map(({ severity, code, expression }) => `${severity} ${code} ${expression}`);
}

describe('a thorough validation', () => {
  it.each([
    [{ text: undefined }, ['warning invariant Patient']],
    [{ text: { status: 'generated', div: '<div>x</div>' } }, ['error value Patient.text.div']],
    [{ identifier: [{ system: 'mrn', value: '1' }] }, ['error value Patient.identifier[0].system']],
    [{ identifier: [{ system: 'urn:oid:1.02', value: '1' }] }, ['error value Patient.identifier[0].system']],
    [{ identifier: [{ system: 'urn:uuid:nope', value: '1' }] }, ['error value Patient.identifier[0].system']],
    [{ meta: { tag: [{ system: 'x', code: 'y' }] } }, ['error value Patient.meta.tag[0].system']],
    [{ managingOrganization: { reference: 'somewhere' } }, ['error value Patient.managingOrganization.reference']],
    [{ managingOrganization: { reference: 'Organization/1/_history/2' } }, []],
    [{ managingOrganization: { reference: 'Organization?name=x' } }, []],
    [{ managingOrganization: { reference: 'http://x.org/fhir/Organization/1' } }, []],
    [{ extension: [{ url: 'http://x.org/y', valueString: 'z' }] }, ['information extension Patient.extension[0]']],
    [
      { maritalStatus: { coding: [{ system: 'http://x.org', code: 'y' }] } },
      ['warning code-invalid Patient.maritalStatus'],
    ],
  ])('of %j tells %j', async (more, issues) => {
    expect(await found(patient(more))).toEqual(issues);
  });

  it('misses the entry that a URN means', async () => {
    const subject = { reference: 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520' };
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject };
    const bundle = (...more: object[]) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl: 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', resource: observation }, ...more],
    });
    const place = 'Bundle.entry[0].resource.subject.reference';
    expect(await found(bundle())).toContain(`error not-found ${place}`);
    const entry = { fullUrl: subject.reference, resource: patient({}) };
    expect(await found(bundle(entry))).not.toContain(`error not-found ${place}`);
  });
});
