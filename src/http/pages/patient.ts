/** The pages on which a person chooses whom an application is about. */
import type { PatientView } from '../../auth/interaction/patient.ts';
import type { PageFrame } from '../sign-in/step-pages.ts';
import { encounterWords, pageLinks, patientWords, searchBox } from './choices.ts';
import { type Html, html, page } from './html.ts';
import { launchTextsFor } from './launch-texts.ts';

function abortForm({ action, csrf, locale }: PageFrame): Html {
  return html`<form method="post" action="${action}/abort">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="plain">${launchTextsFor(locale).cancel}</button>
</form>`;
}

export function patientPage(frame: PageFrame, view: PatientView): string {
  const { locale, action, csrf, clientName } = frame;
  const texts = launchTextsFor(locale);
  const box = { locale, action, query: view.query };
  const choose = (name: string, value: string, words: Html) =>
    html`<li><button type="submit" name="${name}" value="${value}" class="plain">${words}</button></li>`;
  const list = (rows: readonly Html[], nothing: string) => html`<form method="post" action="${action}/patient">
<input type="hidden" name="csrf" value="${csrf}">
${rows.length === 0 ? html`<p>${nothing}</p>` : html`<ul>${rows}</ul>`}
${view.kind === 'patient' ? '' : html`<button type="submit" name="encounter" value="" class="plain">${texts.withoutEncounter}</button>`}
</form>
${pageLinks(box, view.found)}
${abortForm(frame)}`;
  if (view.kind === 'patient') {
    const rows = view.found.choices.map((each) => choose('patient', each.id, patientWords(each, locale)));
    const content = html`<p>${texts.choosePatientFor(clientName)}</p>${searchBox(box)}${list(rows, texts.none)}`;
    return page(locale, texts.choosePatient, content);
  }
  const rows = view.found.choices.map((each) => choose('encounter', each.id, html`${encounterWords(each, locale)}`));
  const asked = texts.chooseEncounterFor(clientName, view.patient.name);
  return page(locale, texts.chooseEncounter, html`<p>${asked}</p>${list(rows, texts.noEncounters)}`);
}
