// http://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
import { describe, expect, it } from 'vitest';
import { demandPatients, launchMembers } from '../../../../src/auth/launch/launches.ts';
import { needsOf, pickedOf } from '../../../../src/auth/launch/needs.ts';
import { smartStyle, smartStylePath } from '../../../../src/auth/launch/style.ts';

describe('the context that a scope needs', () => {
  it.each([
    ['openid fhirUser user/*.rs', false, false],
    ['launch openid', false, false],
    ['launch/patient', true, false],
    ['patient/Observation.rs', true, false],
    ['patient/*.read offline_access', true, false],
    ['launch/encounter', true, true],
  ])('of %s', (scope, patient, encounter) => expect(needsOf(scope.split(' '))).toEqual({ patient, encounter }));
});

describe('what the person has chosen', () => {
  it.each([
    [undefined, {}],
    [{ login: { accountId: '1' } }, {}],
    [{ picked: { patient: 'awa', encounter: null } }, { patient: 'awa', encounter: null }],
  ])('in %j', (result, picked) => expect(pickedOf(result)).toEqual(picked));
});

describe('the members of a token response', () => {
  it('are those of the launch and no other claim of the token', () => {
    const extra = {
      patient: 'awa',
      need_patient_banner: true,
      fhirUser: 'https://x/Practitioner/1',
      scope: 'user/*.rs',
    };
    expect(launchMembers(extra)).toEqual({ patient: 'awa', need_patient_banner: true });
    expect(launchMembers(undefined)).toEqual({});
  });
});

describe('a person who may see no patient', () => {
  it.each(['s', 'r', 'sr'])('because of %s gets access_denied', (missing) => {
    const may = (permission: string) => !missing.includes(permission);
    expect(() => demandPatients({ may })).toThrow(expect.objectContaining({ error: 'access_denied' }));
  });

  it('is none who may search and read them', () => expect(() => demandPatients({ may: () => true })).not.toThrow());
});

describe('the style', () => {
  it('has the properties of SMART, at an address that changes with it', () => {
    expect(Object.keys(smartStyle)).toEqual([
      'color_background',
      'color_error',
      'color_highlight',
      'color_modal_backdrop',
      'color_success',
      'color_text',
      'dim_border_radius',
      'dim_font_size',
      'dim_spacing_size',
      'font_family_body',
      'font_family_heading',
    ]);
    expect(smartStylePath).toMatch(/^\/smart\/style-[0-9a-f]{12}\.json$/);
  });
});
