/**
 * The page on which a person says what an application may do; each permission can be taken out or given in part.
 * https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
 */
import type { Offer } from '../../auth/consent/narrowing.ts';
import type { Locale } from '../../auth/pages.ts';
import { type Html, html, page } from './html.ts';
import { describePart, describeScope } from './scope-words.ts';

export interface ConsentPageView {
  readonly locale: Locale;
  /** Path of the interaction. */
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
  readonly redirectUri: string;
  readonly offers: readonly Offer[];
  /** The name of the patient in context, where there is one. */
  readonly patient?: string | undefined;
}

const fr = {
  title: 'Autorisation',
  asks: (app: string) => `${app} demande l'autorisation de :`,
  about: (patient: string) => `Dossier ouvert : ${patient}`,
  part: "N'en donner qu'une partie",
  hint: 'Si vous cochez quelque chose ici, seul cela est donné.',
  leads: (place: string) =>
    `Ensuite, vous retournez à ${place}. Vous pouvez retirer cette autorisation à tout moment :`,
  applications: 'vos applications',
  allow: 'Autoriser',
  deny: 'Refuser',
};

const en: typeof fr = {
  title: 'Permission',
  asks: (app) => `${app} asks for permission to:`,
  about: (patient) => `Open record: ${patient}`,
  part: 'Give only a part of it',
  hint: 'If you tick anything here, only that is given.',
  leads: (place) => `After this you go back to ${place}. You can take this permission back at any time:`,
  applications: 'your applications',
  allow: 'Allow',
  deny: 'Deny',
};

type View = Pick<ConsentPageView, 'locale' | 'patient'>;

function partsOf({ narrower }: Offer, view: View): Html | undefined {
  if (narrower.length === 0) return undefined;
  const texts = view.locale === 'fr' ? fr : en;
  return html`<details><summary>${texts.part}</summary><p>${texts.hint}</p><ul>${narrower.map((each) => line(each, view))}</ul></details>`;
}

function line(offer: Offer, view: View): Html {
  const { word, kind, isFixed } = offer;
  const text = kind === 'asked' ? describeScope(word, view) : describePart(word, kind, view.locale);
  if (isFixed) return html`<li>${text}</li>`;
  const checked = kind === 'asked' ? ' checked' : '';
  // Of a part the kind is enough: the whole above it shows how such a word looks.
  const shown = kind === 'asked' ? html`${text}<br><code>${word}</code>` : html`${text}`;
  return html`<li><label><input type="checkbox" name="scope" value="${word}"${checked}><span>${shown}</span></label>${partsOf(offer, view)}</li>`;
}

/** Where the application is, as far as a person can judge it: its host, or the program that its scheme opens. */
function placeOf(redirectUri: string): string {
  const url = URL.parse(redirectUri);
  return url?.host || url?.protocol || redirectUri;
}

export function consentPage(view: ConsentPageView): string {
  const { locale, action, csrf, clientName, redirectUri, patient } = view;
  const texts = locale === 'fr' ? fr : en;
  // Signing in is what the person is doing, so there is nothing to say about it.
  const offers = view.offers.filter(({ word }) => word !== 'openid');
  return page(
    locale,
    texts.title,
    html`${patient === undefined ? undefined : html`<p><strong>${texts.about(patient)}</strong></p>`}
<form method="post" action="${action}/consent">
<input type="hidden" name="csrf" value="${csrf}">
<fieldset>
<legend>${texts.asks(clientName)}</legend>
<ul>${offers.map((offer) => line(offer, view))}</ul>
</fieldset>
<p>${texts.leads(placeOf(redirectUri))} <a href="/account/applications" target="_blank" rel="noopener">${texts.applications}</a>.</p>
<button type="submit" name="decision" value="allow">${texts.allow}</button>
<button type="submit" name="decision" value="deny" class="plain">${texts.deny}</button>
</form>`,
  );
}
