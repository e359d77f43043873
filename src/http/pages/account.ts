/** The page of a person's own account. */
import type { Locale } from '../../auth/pages.ts';
import { html, page } from './html.ts';
import { textsFor } from './texts.ts';

export interface AccountView {
  readonly locale: Locale;
  readonly user: { readonly prenom: string; readonly nom: string; readonly email: string };
  readonly csrf: string;
}

export function accountPage({ locale, user, csrf }: AccountView): string {
  const texts = textsFor(locale);
  return page(
    locale,
    `${user.prenom} ${user.nom}`,
    html`<p>${user.email}</p>
<form method="post" action="/account/sign-out">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit">${texts.leave}</button>
</form>`,
  );
}
