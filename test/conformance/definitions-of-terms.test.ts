/** What R4 says in words of code systems, value sets, attachments and Bundles, and $validate tells. */
import { describe, expect, it } from 'vitest';
import { createValidation } from '../../src/fhir/validation/validator.ts';

const { validateDeep, validate } = createValidation({ profilesFolder: 'fhir-profiles' });
const codeSystem = (more: object) => ({
  resourceType: 'CodeSystem',
  url: 'http://example.org/cs',
  status: 'active',
  content: 'complete',
  concept: [{ code: 'a', concept: [{ code: 'a1' }] }, { code: 'b' }],
  ...more,
});
const searchset = (more: object) => ({ resourceType: 'Bundle', type: 'searchset', ...more });
const self = { relation: 'self', url: 'http://a.example/Patient' };
const found = (resource: object, mode: string) => ({
  entry: [{ fullUrl: 'http://a.example/Patient/1', resource, search: { mode } }],
});

describe('$validate', () => {
  it.each<readonly [claim: string, resource: object, places: readonly string[]]>([
    ['takes a CodeSystem whose count is right', codeSystem({ count: 3 }), []],
    ['CodeSystem.count is the number of concepts of a complete one', codeSystem({ count: 2 }), ['CodeSystem.count']],
    ['CodeSystem.content not-present has no concepts', codeSystem({ content: 'not-present' }), ['CodeSystem.content']],
    [
      'CodeSystem.supplements is for supplements',
      codeSystem({ supplements: 'http://example.org/x' }),
      ['CodeSystem.content'],
    ],
    [
      'ValueSet.compose.include.system is absolute',
      { resourceType: 'ValueSet', status: 'active', compose: { include: [{ system: '#c1' }] } },
      ['ValueSet.compose.include[0].system'],
    ],
    [
      'Attachment.size is that of its data',
      { resourceType: 'Media', status: 'completed', content: { contentType: 'text/plain', data: 'QUJD', size: 4 } },
      ['Media.content.size'],
    ],
    ['Bundle.link has each relation once', searchset({ link: [self, self] }), ['Bundle.link[1].relation']],
    [
      'what a search found has an id',
      searchset(found({ resourceType: 'Patient' }, 'match')),
      ['Bundle.entry[0].resource.id'],
    ],
    [
      'what is marked as an outcome is one',
      searchset(found({ resourceType: 'Patient', id: '1' }, 'outcome')),
      ['Bundle.entry[0].resource'],
    ],
  ])('%s', async (_, resource, places) => {
    const issues = await validateDeep(resource, { thorough: true });
    const errors = issues.filter(({ severity }) => severity === 'error');
    expect(errors.flatMap(({ expression = [] }) => expression)).toEqual(places);
    // No write is refused for it.
    expect(validate(resource).filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
