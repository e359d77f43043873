// https://hl7.org/fhir/R4/search.html#contained
import { describe, expect, it } from 'vitest';
import { extract } from '../../../../src/fhir/search/extract.ts';
import { r4Parameters } from '../../../../src/fhir/search/parameters.ts';

const maker = { resourceType: 'Organization', id: 'o', name: 'Pharmivoire' };
const drug = { resourceType: 'Medication', id: 'm', status: 'active', manufacturer: { reference: '#o' } };
const order = {
  resourceType: 'MedicationRequest',
  status: 'active',
  contained: [drug, maker],
  medicationReference: { reference: '#m' },
};
const paramsOf = (resource: object, parameters = r4Parameters) =>
  extract(resource, { parameters }).map(({ param }) => param);

describe('extract of what contains others', () => {
  it('has each contained resource by its place and by the references that lead to it', () => {
    expect(paramsOf(order)).toEqual(
      expect.arrayContaining([
        'MedicationRequest.medication',
        '#Medication',
        '#0 Medication.status',
        '#0 Medication.manufacturer>Organization.name',
        '#Organization',
        '#0 Organization.name',
        'MedicationRequest.medication>Medication.status',
        'MedicationRequest.medication>Medication.manufacturer>Organization.name',
      ]),
    );
  });

  it('adds nothing to the rows that searches of the resource itself look at', () => {
    const { contained: _, ...bare } = order;
    const own = paramsOf(order).filter((param) => !/[#>]/.test(param));
    expect(own).toEqual(paramsOf(bare));
  });

  it('counts places by type, and finds the first 16', () => {
    const contained = Array.from({ length: 20 }, (_, at) => ({ ...maker, id: `o${at}` }));
    const codes = extract({ ...order, contained }).flatMap((row) => (row.param === '#Organization' ? [row] : []));
    expect(codes.map((row) => row.kind === 'token' && row.code).at(-1)).toBe('MedicationRequest 15');
    expect(codes).toHaveLength(16);
  });

  it('leaves what is contained alone when only some parameters are indexed', () => {
    const some = { ...r4Parameters, isPart: true as const };
    expect(paramsOf(order, some).filter((param) => /[#>]/.test(param))).toEqual([]);
  });

  it('passes over what is no resource', () => {
    const contained = [null, 1, 'x', {}, { resourceType: 'Nothing', id: 'x' }, { resourceType: 'Patient' }];
    expect(paramsOf({ ...order, contained }).filter((param) => /[#>]/.test(param))).toEqual([]);
  });
});
