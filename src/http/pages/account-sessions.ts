/** The page of where a person is signed in, and the way out of each. */
import type { PersonSession } from '../../auth/accounts/sessions.ts';
import type { Locale } from '../../auth/pages.ts';
import { type AccountTexts, accountTexts } from './account-texts.ts';
import { type Html, html, page } from './html.ts';

export interface SessionsView {
  readonly locale: Locale;
  readonly csrf: string;
  readonly sessions: readonly PersonSession[];
  /** The one of this browser. */
  readonly own: string;
}

function deviceWords({ browser, system }: PersonSession['device'], texts: AccountTexts): string {
  if (browser !== '' && system !== '') return texts.on(browser, system);
  return browser || system || texts.unknownDevice;
}

function entry(session: PersonSession, { locale, csrf, own }: SessionsView): Html {
  const texts = accountTexts(locale);
  const { uid, device, address, firstSeen, lastSeen, applications } = session;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const time = (when: Date) => html`<time datetime="${when.toISOString()}">${format.format(when)}</time>`;
  const isOwn = uid === own;
  const heading = `${deviceWords(device, texts)}${isOwn ? ` (${texts.here})` : ''}`;
  return html`<section>
<h2>${heading}</h2>
<p>${texts.address} : ${address}<br>${texts.firstSeen} : ${time(firstSeen)}<br>${texts.lastSeen} : ${time(lastSeen)}${applications.length === 0 ? '' : html`<br>${texts.applications} : ${applications.join(', ')}`}</p>
${
  isOwn
    ? ''
    : html`<form method="post" action="/account/sessions/${encodeURIComponent(uid)}/end">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="plain">${texts.end}</button>
</form>`
}
</section>`;
}

export function sessionsPage(view: SessionsView): string {
  const texts = accountTexts(view.locale);
  const { sessions, csrf } = view;
  return page(
    view.locale,
    texts.sessions,
    html`<p>${texts.sessionsText}</p>
${sessions.map((session) => entry(session, view))}
${
  sessions.length < 2
    ? ''
    : html`<form method="post" action="/account/sessions/end-others">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit">${texts.endOthers}</button>
</form>`
}
<p><a href="/account">${texts.account}</a></p>`,
  );
}
