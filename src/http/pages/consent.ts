/** The page on which a person says what an application may do; each permission can be taken out. */
import type { Locale } from '../../auth/pages.ts';
import { type Html, html, page } from './html.ts';
import { describeScope, textsFor } from './texts.ts';

export interface ConsentView {
  readonly locale: Locale;
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  readonly scopes: readonly string[];
}

function box(scope: string, locale: Locale): Html {
  // Signing in is what the person is doing, so there is nothing to ask about it.
  if (scope === 'openid') return html`<input type="hidden" name="scope" value="${scope}">`;
  return html`<li><label><input type="checkbox" name="scope" value="${scope}" checked><span>${describeScope(scope, locale)}<br><code>${scope}</code></span></label></li>`;
}

export function consentPage({ locale, action, csrf, clientName, scopes }: ConsentView): string {
  const texts = textsFor(locale);
  return page(
    locale,
    texts.consent,
    html`<form method="post" action="${action}/consent">
<input type="hidden" name="csrf" value="${csrf}">
<fieldset>
<legend>${texts.consentFor(clientName)}</legend>
<ul>${scopes.map((scope) => box(scope, locale))}</ul>
</fieldset>
<button type="submit" name="decision" value="allow">${texts.allow}</button>
<button type="submit" name="decision" value="deny" class="plain">${texts.deny}</button>
</form>`,
  );
}
