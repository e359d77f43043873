/** The pages on which a person looks after their own second factors. */
import { type FactorsView, fewCodes } from '../../auth/factors/manage.ts';
import type { Locale } from '../../auth/pages.ts';
import { enrolForms, type Forms, type NewFactors, problemOf, recoveryCodes } from './factor-parts.ts';
import { factorTexts } from './factor-texts.ts';
import { type Html, html, page } from './html.ts';

const home = '/account/second-factor';

export interface FactorAccountView {
  readonly locale: Locale;
  readonly csrf: string;
}

const backLink = (locale: Locale) => html`<p><a href="${home}">${factorTexts(locale).back}</a></p>`;

/** What the person has. Adding, removing and making codes lie behind a fresh sign-in. */
export function factorsPage({ locale }: Pick<FactorAccountView, 'locale'>, view: FactorsView): string {
  const texts = factorTexts(locale);
  const { factors, codesLeft, isMandatory } = view;
  const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? texts.never;
  const row = ({ id, kind, name, lastUsedAt }: FactorsView['factors'][number]): Html =>
    html`<li><strong>${name}</strong> (${kind === 'totp' ? texts.device : texts.key}), ${texts.lastUsed(day(lastUsedAt))} · <a href="${home}/${id}/remove">${texts.remove}</a></li>`;
  const isFew = codesLeft !== undefined && codesLeft <= fewCodes;
  return page(
    locale,
    texts.account,
    html`${isMandatory ? html`<p>${texts.mandatory}</p>` : ''}
${factors.length === 0 ? html`<p>${texts.none}</p>` : html`<ul>${factors.map(row)}</ul>`}
<p><a href="${home}/add">${texts.enrolTitle}</a></p>
${codesLeft === undefined ? '' : html`<p${isFew ? html` class="bad" role="alert"` : ''}>${texts.codesLeft(codesLeft)}</p>`}
${factors.length === 0 ? '' : html`<p><a href="${home}/codes">${texts.renew}</a></p>`}
<p><a href="/account">${texts.back}</a></p>`,
  );
}

export function addFactorPage(view: FactorAccountView, added: NewFactors, problem?: string): string {
  const { locale, csrf } = view;
  const forms: Forms = { locale, csrf, action: `${home}/add` };
  return page(
    locale,
    factorTexts(locale).enrolTitle,
    html`${problemOf(problem)}
${enrolForms(forms, added)}
${backLink(locale)}`,
  );
}

/** A question with one button: removing a factor, making new codes. */
export function askPage(
  { locale, csrf }: FactorAccountView,
  asked: { action: string; title: string; text: string },
): string {
  return page(
    locale,
    asked.title,
    html`<p>${asked.text}</p>
<form method="post" action="${home}/${asked.action}">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit">${asked.title}</button>
</form>
${backLink(locale)}`,
  );
}

export function codesPage(locale: Locale, codes: readonly string[]): string {
  return page(
    locale,
    factorTexts(locale).account,
    html`${recoveryCodes(locale, codes)}
${backLink(locale)}`,
  );
}
