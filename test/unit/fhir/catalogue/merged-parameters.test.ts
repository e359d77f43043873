/** Which posted search parameters are in force, and what the rest of the server sees of them. */
import type { SearchParameter } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { effective, mergedParameters } from '../../../../src/fhir/catalogue/merged-parameters.ts';
import { type PostedParameter, postedParameter } from '../../../../src/fhir/catalogue/posted-parameter.ts';
import { extract } from '../../../../src/fhir/search/extract.ts';
import { compilePaths } from '../../../../src/fhir/search/extract-paths.ts';
import { r4Parameters } from '../../../../src/fhir/search/parameters.ts';

const definition = (id: string, given: Partial<SearchParameter> = {}): SearchParameter => ({
  resourceType: 'SearchParameter',
  id,
  url: `urn:${id}`,
  name: 'A',
  status: 'active',
  description: 'A',
  code: 'x-a',
  base: ['Patient'],
  type: 'string',
  expression: 'Patient.contact.name.family',
  ...given,
});

const ofResource = { base: ['Resource'], expression: 'Resource.id' } as unknown as Partial<SearchParameter>;

const posted = (...all: SearchParameter[]) => all.map(postedParameter).filter((one): one is PostedParameter => !!one);

describe('posted search parameters', () => {
  it('are those that are active and have an expression', () => {
    const { expression: _, ...none } = definition('d');
    expect(
      posted(definition('a'), definition('b', { status: 'draft' }), definition('c', { status: 'retired' }), none),
    ).toEqual([expect.objectContaining({ id: 'a', types: ['Patient'] })]);
  });

  it('are the same in every process, whatever order they are read in', () => {
    const all = [
      definition('b'),
      definition('a'),
      definition('c', { url: 'urn:a', expression: 'Patient.name', meta: { lastUpdated: '2026-01-01T00:00:00.000Z' } }),
    ];
    const some = effective(posted(...all));
    expect(some).toEqual(effective(posted(...all.toReversed())));
    expect(some.map(({ posted: { id } }) => id)).toEqual(['c']);
  });

  it('of Resource are for every type, and leave what R4 has by the code', () => {
    const added = effective(posted(definition('a', { code: 'family', ...ofResource })));
    expect(added.length).toBe(144);
    expect(added.some(({ type }) => type === 'Patient' || type === 'Practitioner')).toBe(false);
  });

  it('are being indexed until told otherwise, and leave the lists of other types as they were', () => {
    const added = effective(posted(definition('a')));
    const state = { version: 2, generation: 3, indexed: new Set<string>() };
    const before = mergedParameters(added, state);
    const after = mergedParameters(added, { ...state, indexed: new Set(['Patient.x-a']) });
    expect([before.parameter('Patient', 'x-a')?.indexing, after.parameter('Patient', 'x-a')?.indexing]).toEqual([
      true,
      undefined,
    ]);
    expect(after.parameters('Observation')).toBe(r4Parameters.parameters('Observation'));
    expect([after.byUrl('urn:a')?.code, after.parameter('Patient', 'family'), after.parameter('No', 'x')]).toEqual([
      'x-a',
      r4Parameters.parameter('Patient', 'family'),
      undefined,
    ]);
    const patient = { resourceType: 'Patient', contact: [{ name: { family: 'Z' } }] };
    expect(extract(patient, { parameters: before })).toContainEqual({
      kind: 'string',
      param: 'Patient.x-a',
      value: 'Z',
    });
  });

  it('find what a reference points at by its type, within more than one test', () => {
    const [path] = compilePaths('Task.for.where(resolve() is Patient or resolve() is Group)', 'Task');
    const found: unknown[] = [];
    for (const reference of ['Patient/1', 'Device/2', 'http://x/fhir/Group/3']) {
      path?.visit({ resourceType: 'Task', for: { reference } }, (value) => found.push(value));
    }
    expect(found).toEqual([{ reference: 'Patient/1' }, { reference: 'http://x/fhir/Group/3' }]);
  });
});
