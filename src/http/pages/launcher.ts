/** The launcher's pages: whom it is about, then which application. */
import type { Choices, PatientChoice } from '../../auth/launch/find-records.ts';
import type { LaunchChoices } from '../../auth/launch/launcher.ts';
import type { Locale } from '../../auth/pages.ts';
import { encounterWords, pageLinks, patientWords, searchBox } from './choices.ts';
import { html, page } from './html.ts';
import { launchTextsFor } from './launch-texts.ts';

const action = '/launcher';

export interface LauncherPatientsView {
  readonly locale: Locale;
  readonly query: string;
  readonly found: Choices<PatientChoice>;
}

export function launcherPatientsPage({ locale, query, found }: LauncherPatientsView): string {
  const texts = launchTextsFor(locale);
  const box = { locale, action, query };
  const rows = found.choices.map(
    (each) =>
      html`<li><a href="${`${action}?${new URLSearchParams({ patient: each.id })}`}">${patientWords(each, locale)}</a></li>`,
  );
  return page(
    locale,
    texts.launcher,
    html`<p>${texts.launcherText}</p>${searchBox(box)}
${rows.length === 0 ? html`<p>${texts.none}</p>` : html`<ul>${rows}</ul>`}
${pageLinks(box, found)}`,
  );
}

export interface LauncherView extends LaunchChoices {
  readonly locale: Locale;
  readonly csrf: string;
}

export function launcherPage({ locale, csrf, patient, encounters, applications }: LauncherView): string {
  const texts = launchTextsFor(locale);
  const options = encounters.choices.map(
    (each) => html`<option value="${each.id}">${encounterWords(each, locale)}</option>`,
  );
  const buttons = applications.map(
    ({ clientId, name }) =>
      html`<li><button type="submit" name="client_id" value="${clientId}">${texts.open(name)}</button></li>`,
  );
  return page(
    locale,
    texts.launcher,
    html`<p>${patientWords(patient, locale)}</p>
<p><a href="${action}">${texts.otherPatient}</a></p>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="patient" value="${patient.id}">
<label for="encounter">${texts.encounter}</label>
<select id="encounter" name="encounter"><option value="">${texts.noEncounter}</option>${options}</select>
<h2>${texts.applications}</h2>
${buttons.length === 0 ? html`<p>${texts.noApplications}</p>` : html`<ul>${buttons}</ul>`}
</form>`,
  );
}
