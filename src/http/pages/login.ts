/** The page on which a person signs in. */
import type { Locale } from '../../auth/pages.ts';
import { accountTexts } from './account-texts.ts';
import { type Html, html, page } from './html.ts';
import { textsFor } from './texts.ts';

export interface LoginView {
  readonly locale: Locale;
  /** Path of the interaction. */
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  readonly email: string;
  /** Ways to sign in without a password here. */
  readonly providers?: Html;
  /** What went wrong with the last try. */
  readonly problem?: string;
}

export function loginPage({ locale, action, csrf, clientName, email, providers, problem }: LoginView): string {
  const texts = textsFor(locale);
  const described = problem === undefined ? '' : 'problem';
  return page(
    locale,
    texts.signIn,
    html`<p>${texts.signInFor(clientName)}</p>
${problem === undefined ? '' : html`<p id="problem" class="bad" role="alert">${problem}</p>`}
${providers}
<form method="post" action="${action}/login">
<input type="hidden" name="csrf" value="${csrf}">
<label for="email">${texts.email}</label>
<input id="email" name="email" type="email" autocomplete="username" required autofocus value="${email}" aria-describedby="${described}">
<label for="password">${texts.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required aria-describedby="${described}">
<button type="submit">${texts.enter}</button>
</form>
<p><a href="/password/forgotten">${accountTexts(locale).forgot}</a></p>
<form method="post" action="${action}/abort">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="plain">${texts.cancel}</button>
</form>`,
  );
}
