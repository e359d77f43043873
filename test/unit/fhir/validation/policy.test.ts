/** LIVEDOC_PROFILES: which profiles are enforced for which types. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../../../src/fhir/validation/policy.ts';
import { createValidator } from '../../../../src/fhir/validation/validator.ts';

const bodyWeight = 'http://hl7.org/fhir/StructureDefinition/bodyweight';
const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };
const validatorOf = (text: string) => createValidator({ profilesFolder: 'fhir-profiles', policy: readPolicy(text) });

describe('the policy of profiles', () => {
  it('holds resources of a type to profiles that they do not name', () => {
    const validate = validatorOf(JSON.stringify({ enforced: { Observation: [bodyWeight] } }));
    expect(validate(observation).map(({ expression }) => expression?.[0])).toContain('Observation.category');
    expect(validate({ resourceType: 'Patient' })).toEqual([]);
  });

  it.each(['error', 'warning', 'ignore'])('makes an unknown profile an %s', (unknown) => {
    const found = validatorOf(JSON.stringify({ unknown }))({
      resourceType: 'Patient',
      meta: { profile: ['http://nobody/knows'] },
    });
    expect(found.map(({ severity }) => severity)).toEqual(unknown === 'ignore' ? [] : [unknown]);
  });

  it('may be in a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'policy-'));
    const file = join(folder, 'policy.json');
    writeFileSync(file, '{"unknown":"error"}');
    expect(readPolicy(file)).toEqual({ enforced: {}, unknown: 'error', answers: 'ignore' });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['{', 'JSON'],
    ['{"enforce":{}}', 'means nothing'],
    ['{"unknown":"maybe"}', 'one of'],
    ['{"answers":"warning"}', 'error or ignore'],
    ['{"enforced":{"Nope":[]}}', 'no resource type'],
    ['{"enforced":{"Patient":"x"}}', 'list of URLs'],
    ['/no/such/file.json', 'ENOENT'],
  ])('is refused when it is %s', (text, reason) => {
    expect(() => readPolicy(text)).toThrow(new RegExp(`LIVEDOC_PROFILES.*${reason}`, 's'));
  });
});
