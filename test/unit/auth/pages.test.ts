import { describe, expect, it } from 'vitest';
import { localeOf } from '../../../src/auth/pages.ts';
import { consentPage } from '../../../src/http/pages/consent.ts';
import { html } from '../../../src/http/pages/html.ts';
import { describeScope } from '../../../src/http/pages/texts.ts';

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
    ['user/Patient.rs', 'en', 'read, search : Patient'],
    [
      'user/*.cruds',
      'fr',
      'lire, rechercher, créer, modifier, supprimer : toutes les données auxquelles vous avez accès',
    ],
    ['user/Observation.r?category=laboratory', 'en', 'read : Observation (only category = laboratory)'],
    ['offline_access', 'en', 'keep access when you are not there'],
    ['openid', 'en', undefined],
  ] as const)('%s in %s', (scope, locale, words) => expect(describeScope(scope, locale)).toBe(words));
});

describe('the consent page', () => {
  const view = { locale: 'en', action: '/interaction/x', csrf: 'c', clientName: '<App>' } as const;
  it('has a ticked box for each permission, and none for the sign-in itself', () => {
    const text = consentPage({ ...view, scopes: ['openid', 'user/Patient.rs', 'user/Xy.r?a="<'] });
    expect(text.match(/type="checkbox"/g)).toHaveLength(2);
    expect(text).toContain('<input type="hidden" name="scope" value="openid">');
    expect(text).toContain('value="user/Xy.r?a=&quot;&lt;"');
    expect(text).toContain('&lt;App&gt; asks for permission');
  });
});
