import { describe, expect, it } from 'vitest';
import { offersFor } from '../../../src/auth/consent/narrowing.ts';
import { localeOf } from '../../../src/auth/pages.ts';
import { consentPage } from '../../../src/http/pages/consent.ts';
import { html } from '../../../src/http/pages/html.ts';
import { describeScope } from '../../../src/http/pages/scope-words.ts';

describe('the language', () => {
  it.each([
    [undefined, undefined, 'fr'],
    [undefined, 'en-GB,en;q=0.9', 'en'],
    [undefined, 'fr;q=0.4, en;q=0.8', 'en'],
    [undefined, 'de', 'fr'],
    ['en', 'fr', 'en'],
    ['de en', 'fr', 'en'],
    [['en'], 'fr', 'fr'],
    ['', ';;;,=', 'fr'],
  ])('of %j and %j is %s', (asked, accepted, expected) => expect(localeOf(asked, accepted)).toBe(expected));
});

describe('a template', () => {
  it('escapes what is put in, unless it is HTML already', () =>
    expect(
      html`<p title="${'"'}">${'<&>'}${html`<b>${"'"}</b>`}${undefined}${[html`<i>1</i>`, html`<i>2</i>`]}</p>`.html,
    ).toBe('<p title="&quot;">&lt;&amp;&gt;<b>&#39;</b><i>1</i><i>2</i></p>'));
});

describe('a scope in words', () => {
  it.each([
    ['user/Patient.rs', 'en', "read and search : the patient's identity, that you have access to"],
    [
      'user/*.cruds',
      'fr',
      'lire, rechercher, créer, modifier et supprimer : toutes les données, auxquelles vous avez accès',
    ],
    [
      'user/Observation.r?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory',
      'en',
      'read : observations and results (only laboratory results), that you have access to',
    ],
    ['user/Observation.r?code=x', 'en', 'read : observations and results (only code = x), that you have access to'],
    ['user/ValueSet.r', 'en', 'read : ValueSet, that you have access to'],
    ['offline_access', 'en', 'keep access when you are not there'],
    ['invented', 'en', 'invented'],
  ] as const)('%s in %s', (scope, locale, words) => expect(describeScope(scope, { locale })).toBe(words));

  it('names the patient in context', () => {
    const view = { locale: 'fr', patient: "N'DIAYE Awa" } as const;
    expect(describeScope('patient/Condition.rs', view)).toContain("du patient N'DIAYE Awa");
    expect(describeScope('patient/Condition.rs', { locale: 'fr' })).toContain('du patient choisi');
  });
});

describe('the consent page', () => {
  const view = { locale: 'en', action: '/interaction/x', csrf: 'c', clientName: '<App>' } as const;
  const draw = (...scopes: string[]) =>
    consentPage({ ...view, redirectUri: 'https://app.example/callback', offers: offersFor(scopes), patient: '<Awa>' });

  it('has a ticked box for each permission, and none for the sign-in and the launch', () => {
    const text = draw('openid', 'launch/patient', 'user/Patient.rs', 'user/Xy.r?a="<');
    expect(text.match(/type="checkbox"/g)).toHaveLength(2);
    expect(text.match(/ checked>/g)).toHaveLength(2);
    expect(text).toContain('value="user/Xy.r?a=&quot;&lt;"');
    expect(text).toContain('&lt;App&gt; asks for permission');
    expect(text).toContain('Open record: &lt;Awa&gt;');
    expect(text).toContain('you go back to app.example');
    expect(text).toContain('know which patient is chosen');
  });

  it('has boxes for the parts that are not ticked', () => {
    const text = draw('user/Condition.rs');
    expect(text.match(/ checked>/g)).toHaveLength(1);
    expect(text.match(/type="checkbox"/g)).toHaveLength(4);
    expect(text).toContain('problem list');
  });
});
