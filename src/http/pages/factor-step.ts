/** The pages of a sign-in's second factor. */
import { fewCodes } from '../../auth/factors/manage.ts';
import type { FactorView } from '../../auth/interaction/factor.ts';
import type { Locale } from '../../auth/pages.ts';
import { codeForm, enrolForms, problemOf, proveKeyForm, recoveryCodes } from './factor-parts.ts';
import { factorTexts } from './factor-texts.ts';
import { type Html, html, page } from './html.ts';

export interface FactorFrame {
  readonly locale: Locale;
  /** Path of the sign-in. */
  readonly action: string;
  readonly csrf: string;
}

type At<Stage extends FactorView['stage']> = Extract<FactorView, { readonly stage: Stage }>;

function prove({ locale, action, csrf }: FactorFrame, { hasDevice, keyOptions }: At<'prove'>): Html {
  const texts = factorTexts(locale);
  const forms = { locale, action: `${action}/factor`, csrf };
  // Recovery codes go into the same field, so it is there for whoever has keys alone too, below the key.
  const key = keyOptions === undefined ? html`` : proveKeyForm(forms, keyOptions);
  const parts = hasDevice ? [codeForm(forms), key] : [key, codeForm(forms)];
  return html`<p>${texts.proveText}</p>
${parts}`;
}

function enrol({ locale, action, csrf }: FactorFrame, view: At<'enrol'>): Html {
  const forms = { locale, action: `${action}/enrol`, csrf };
  return html`<p>${factorTexts(locale).enrolText}</p>
${enrolForms(forms, view)}`;
}

function done({ locale, action, csrf }: FactorFrame, { codes = [], codesLeft }: At<'done'>): Html {
  const texts = factorTexts(locale);
  return html`<p>${texts.done}</p>
${codes.length === 0 ? '' : recoveryCodes(locale, codes)}
${codesLeft === undefined ? '' : html`<p role="status">${texts.codesLeft(codesLeft)}</p>`}
${codesLeft !== undefined && codesLeft <= fewCodes ? html`<p class="bad" role="alert">${texts.fewCodes}</p>` : ''}
<form method="post" action="${action}/go-on">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" autofocus>${texts.goOn}</button>
</form>`;
}

/** The page of the stage that the second factor is at; `problem` says what was wrong with the last try. */
export function factorPage(frame: FactorFrame, view: FactorView, problem?: string): string {
  const { locale, action, csrf } = frame;
  const texts = factorTexts(locale);
  if (view.stage === 'done') return page(locale, texts.title, done(frame, view));
  const cancel = html`<form method="post" action="${action}/abort">
<input type="hidden" name="csrf" value="${csrf}">
<button type="submit" class="plain">${texts.cancel}</button>
</form>`;
  const content = view.stage === 'prove' ? prove(frame, view) : enrol(frame, view);
  return page(
    locale,
    view.stage === 'prove' ? texts.title : texts.enrolTitle,
    html`${problemOf(problem)}
${content}
${cancel}`,
  );
}
