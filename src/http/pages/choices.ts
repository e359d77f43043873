/** Lists of patients and consultations to choose from, a search above and the other pages below. */
import type { Choices, EncounterChoice, PatientChoice } from '../../auth/launch/find-records.ts';
import type { Locale } from '../../auth/pages.ts';
import { type Html, html } from './html.ts';
import { dateWords, launchTextsFor } from './launch-texts.ts';

/** What tells a patient from another: name, date of birth, number of the record. */
export function patientWords({ name, birthDate, identifiers }: PatientChoice, locale: Locale): Html {
  const texts = launchTextsFor(locale);
  const facts = [...(birthDate === undefined ? [] : [texts.born(dateWords(birthDate, locale))]), ...identifiers];
  return html`<strong>${name === '' ? texts.unnamed : name}</strong><br><small>${facts.join(' · ')}</small>`;
}

export function encounterWords({ start, reason }: EncounterChoice, locale: Locale): string {
  const when = start === undefined ? launchTextsFor(locale).undated : dateWords(start, locale);
  return reason === undefined ? when : `${when} · ${reason}`;
}

export interface SearchBox {
  readonly locale: Locale;
  /** Where the search is: path without a query. */
  readonly action: string;
  readonly query: string;
}

export function searchBox({ locale, action, query }: SearchBox): Html {
  const texts = launchTextsFor(locale);
  return html`<form method="get" action="${action}" role="search">
<label for="q">${texts.search}</label>
<input id="q" name="q" type="search" maxlength="100" autocomplete="off" autofocus value="${query}">
<button type="submit">${texts.find}</button>
</form>`;
}

/** Links to the pages before and after. */
export function pageLinks({ locale, action, query }: SearchBox, { next, previous }: Choices<unknown>): Html {
  const texts = launchTextsFor(locale);
  const link = (page: string, words: string) => {
    const params = new URLSearchParams({ q: query, page });
    return html`<a href="${`${action}?${params}`}">${words}</a> `;
  };
  return html`<p>${previous === undefined ? '' : link(previous, texts.previous)}${next === undefined ? '' : link(next, texts.next)}</p>`;
}
