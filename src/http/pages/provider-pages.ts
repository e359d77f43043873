/** The pages that the OpenID provider shows by itself: errors and signing out. */
import type { Pages } from '../../auth/pages.ts';
import { html, page } from './html.ts';
import { textsFor } from './texts.ts';

export const providerPages: Pages = {
  error({ locale, code, description }) {
    const texts = textsFor(locale);
    return page(
      locale,
      texts.failed,
      html`<p class="bad" role="alert">${description ?? code}</p>
<p>${texts.failedText}</p>
<p><code>${code}</code></p>`,
    );
  },

  logout({ locale, form, clientName }) {
    const texts = textsFor(locale);
    const question = clientName === undefined ? texts.signOutAsk : texts.signOutFrom(clientName);
    // The provider's own form carries its token against forgery; these buttons belong to it.
    return page(
      locale,
      texts.signOut,
      html`<p>${question}</p>
${{ html: form }}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>${texts.leave}</button>
<button type="submit" form="op.logoutForm" class="plain">${texts.stay}</button>`,
    );
  },

  loggedOut({ locale }) {
    const texts = textsFor(locale);
    return page(locale, texts.signedOut, html`<p>${texts.signedOutText}</p>`);
  },
};
