// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
import { describe, expect, it } from 'vitest';
import { allowedScope, parseScope, resourceScopes, unknownScopes } from '../../../src/auth/scopes.ts';

const letters = (text: string) => [...(parseScope(text)?.permissions ?? [])].join('');

describe('a scope', () => {
  it.each([
    ['user/Patient.rs', 'rs'],
    ['system/*.cruds', 'cruds'],
    ['patient/Observation.c', 'c'],
    ['user/Patient.read', 'rs'],
    ['user/Patient.write', 'cud'],
    ['user/*.*', 'cruds'],
  ])('%s gives %s', (text, expected) => expect(letters(text)).toBe(expected));

  it.each([
    'user/Patient.',
    'user/Patient.?x=y',
    'user/Patient.sr',
    'user/Patient.rr',
    'user/patient.rs',
    'user/Pati3nt!.rs',
    'admin/Patient.rs',
    'user/Patient',
    'user/Patient.read?category=x',
    'user/Patient.rs?',
    'user/Patient.rs?category',
    'user/Observation.rs?code:in=x',
    'user/Observation.rs?subject.name=x',
    'user/Patient.rs ',
    'user/Bogus.rs',
    'user/Patient.rs?category=x',
    'user/Observation.rs?date=2020',
    'user/Observation.rs?value-quantity=5',
    'user/Observation.rs?_lastUpdated=2020',
    'user/Observation.rs?category:not=x',
    'user/Observation.rs?_has:Provenance:target:agent=x',
    'user/Observation.rs?_filter=x',
    'user/Observation.rs?category=a,,b',
    'user/Observation.rs?subject=p1',
    'user/*.rs?category=x',
    `user/Observation.rs?code=${'a,'.repeat(60)}a`,
    '',
  ])('%j is none', (text) => expect(parseScope(text)).toBeUndefined());

  it.each([
    'patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
    'user/Observation.rs?code=http://loinc.org|8310-5,8867-4',
    'user/Observation.rs?status=final',
    'user/Observation.r?_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|N',
    'user/*.rs?_tag=http://a.org|seen',
    'user/Observation.rs?_profile=http://hl7.org/fhir/StructureDefinition/vitalsigns',
    'system/Observation.rs?subject=Patient/p1',
    'system/Observation.rs?_id=a,b',
  ])('%s is one, for it can be judged on a resource', (text) => expect(parseScope(text)?.text).toBe(text));

  it('keeps its query as search parameters', () => {
    const scope = parseScope('user/Observation.rs?category=http://a.org/c|lab&status=final');
    expect(scope?.query).toEqual([
      ['category', 'http://a.org/c|lab'],
      ['status', 'final'],
    ]);
  });

  it('counts once when it is repeated, also ten thousand times', () => {
    expect(resourceScopes(Array.from({ length: 10_000 }, () => 'user/Patient.rs').join(' '))).toHaveLength(1);
  });
});

describe('what a client may be granted', () => {
  const granted = (asked: string, registered: string) => allowedScope(asked, registered, ['user', 'patient']).join(' ');

  it('is what it asks when that is within its registration', () =>
    expect(granted('openid user/Patient.rs', 'openid user/*.cruds')).toBe('openid user/Patient.rs'));
  it('keeps the words of version 1', () => expect(granted('user/Patient.read', 'user/*.rs')).toBe('user/Patient.read'));
  it('keeps the words of version 1 for fewer types', () =>
    expect(granted('user/*.read', 'user/Patient.cruds user/Observation.rs')).toBe(
      'user/Patient.read user/Observation.read',
    ));
  it('has letters where version 1 has no word', () =>
    expect(granted('user/Patient.*', 'user/Patient.r')).toBe('user/Patient.r'));
  it('has the launch words that are registered', () =>
    expect(granted('launch launch/patient launch/encounter', 'launch/patient')).toBe('launch/patient'));
  it('is cut down to the registered letters', () =>
    expect(granted('user/Patient.cruds', 'user/*.rs')).toBe('user/Patient.rs'));
  it('is cut down to the registered types', () =>
    expect(granted('user/*.rs', 'user/Patient.rs user/Observation.r')).toBe('user/Patient.rs user/Observation.r'));
  it('is not taken to pieces when one registered scope covers it', () =>
    expect(granted('user/*.rs', 'user/*.rs user/Patient.cruds')).toBe('user/*.rs'));
  it('is put together of several registered scopes', () =>
    expect(granted('user/*.cruds', 'user/*.rs user/Patient.cruds')).toBe('user/*.rs user/Patient.cruds'));
  it('is cut down to the registered query', () =>
    expect(granted('user/Observation.rs', 'user/Observation.rs?category=lab')).toBe(
      'user/Observation.rs?category=lab',
    ));
  it('is nothing under another query', () =>
    expect(granted('user/Observation.rs?category=a', 'user/Observation.rs?category=b')).toBe(''));
  it('is nothing on another level', () => expect(granted('system/*.rs', 'system/*.rs user/*.rs')).toBe(''));
  it('is nothing for words that are not registered or not known', () =>
    expect(granted('openid offline_access nonsense', 'openid nonsense')).toBe('openid'));
});

describe('a registration', () => {
  it('names the words that are no scope', () =>
    expect(unknownScopes('openid user/*.rs user/x.y magic')).toEqual(['user/x.y', 'magic']));
});
