/** The page of a person's own account. */
import type { Locale } from '../../auth/pages.ts';
import { accountTexts } from './account-texts.ts';
import { html, page } from './html.ts';

export interface AccountView {
  readonly locale: Locale;
  readonly user: {
    readonly prenom: string;
    readonly nom: string;
    readonly email: string;
    readonly role: 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR';
  };
  readonly csrf: string;
  /** What has just been done. */
  readonly note?: string;
}

export function accountPage({ locale, user, csrf, note }: AccountView): string {
  const texts = accountTexts(locale);
  return page(
    locale,
    texts.account,
    html`${note === undefined ? '' : html`<p role="status"><strong>${note}</strong></p>`}
<p>${user.prenom} ${user.nom}<br>${user.email}<br>${texts.role} : ${texts.roles[user.role]}</p>
<nav aria-label="${texts.account}"><ul>
<li><a href="/account/password">${texts.changePassword}</a></li>
<li><a href="/account/second-factor">${texts.secondFactor}</a></li>
<li><a href="/account/sessions">${texts.sessions}</a></li>
<li><a href="/account/applications">${texts.applications}</a></li>
</ul></nav>
<form method="post" action="/account/sign-out">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit">${texts.signOut}</button>
</form>`,
  );
}
