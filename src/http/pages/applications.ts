/** The page of the applications that a person has let in: what each was given, when it was last used, and the way out. */
import type { Application } from '../../auth/consent/applications.ts';
import type { Locale } from '../../auth/pages.ts';
import { type Html, html, page } from './html.ts';
import { describeScope } from './scope-words.ts';

export interface ApplicationsView {
  readonly locale: Locale;
  readonly csrf: string;
  readonly applications: readonly Application[];
}

const fr = {
  title: 'Vos applications',
  none: "Vous n'avez autorisé aucune application.",
  explain: "Une application à laquelle vous retirez l'autorisation perd l'accès aussitôt, et devra vous la redemander.",
  given: (when: string) => `Autorisée le ${when}`,
  used: (when: string) => `Dernière utilisation : ${when}`,
  unused: 'Jamais utilisée',
  offline: "Garde l'accès quand vous n'êtes pas là",
  withdraw: "Retirer l'autorisation",
  account: 'Votre compte',
};

const en: typeof fr = {
  title: 'Your applications',
  none: 'You have let no application in.',
  explain: 'An application whose permission you take back loses access at once, and has to ask you for it again.',
  given: (when) => `Let in on ${when}`,
  used: (when) => `Last used: ${when}`,
  unused: 'Never used',
  offline: 'Keeps access when you are not there',
  withdraw: 'Take the permission back',
  account: 'Your account',
};

function entry(application: Application, { locale, csrf }: ApplicationsView): Html {
  const texts = locale === 'fr' ? fr : en;
  const { clientId, name, given, decidedAt, lastUsedAt, isOffline } = application;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const scopes = given.split(' ').filter((scope) => scope !== '' && scope !== 'openid');
  return html`<section>
<h2>${name}</h2>
<p>${texts.given(format.format(decidedAt))}. ${lastUsedAt ? texts.used(format.format(lastUsedAt)) : texts.unused}.${isOffline ? html` ${texts.offline}.` : undefined}</p>
<ul>${scopes.map((scope) => html`<li>${describeScope(scope, { locale })}<br><code>${scope}</code></li>`)}</ul>
<form method="post" action="/account/applications/${encodeURIComponent(clientId)}/withdraw">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="plain">${texts.withdraw}</button>
</form>
</section>`;
}

export function applicationsPage(view: ApplicationsView): string {
  const texts = view.locale === 'fr' ? fr : en;
  const { applications } = view;
  return page(
    view.locale,
    texts.title,
    html`<p>${applications.length === 0 ? texts.none : texts.explain}</p>
${applications.map((application) => entry(application, view))}
<p><a href="/account">${texts.account}</a></p>`,
  );
}
