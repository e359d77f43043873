/** The page of break-the-glass: the act, one's own records that are open, and the queue of who judges. */
import type { Locale } from '../../auth/pages.ts';
import { nameOf } from '../../livedoc/terms.ts';
import { type GlassView, glassReasons } from '../../shared/api/break-the-glass.ts';
import { keyInForm } from './factor-parts.ts';
import { glassTexts } from './glass-texts.ts';
import { type Html, html, page } from './html.ts';
import { webauthnScript } from './webauthn-script.ts';

export interface GlassPage {
  readonly locale: Locale;
  readonly csrf: string;
  readonly mayOpen: boolean;
  /** The longest time, minutes. */
  readonly minutes: number;
  /** What was filled in before. */
  readonly filled: { readonly patient: string; readonly reason: string; readonly explanation: string };
  /** For a security key as second factor, JSON; absent: the person has none. */
  readonly keyOptions?: string | undefined;
  readonly error?: { readonly isRefusal: boolean; readonly message: string };
  readonly mine: readonly GlassView[];
  /** Absent: for who does not judge. */
  readonly toReview?: readonly GlassView[];
}

const hidden = (csrf: string) => html`<input type="hidden" name="csrf" value="${csrf}">`;

function reasonOptions(locale: Locale, chosen: string): readonly Html[] {
  return glassReasons.map((reason) =>
    reason === chosen
      ? html`<option value="${reason}" selected>${nameOf('break-the-glass-reason', reason, locale)}</option>`
      : html`<option value="${reason}">${nameOf('break-the-glass-reason', reason, locale)}</option>`,
  );
}

function openForm({ locale, csrf, minutes, filled, keyOptions }: GlassPage): Html {
  const texts = glassTexts(locale);
  const key = keyInForm(locale, keyOptions);
  return html`<p class="bad">${texts.warning}</p>
<form method="post" action="/break-the-glass"${key.attributes}>
${hidden(csrf)}
<label for="patient">${texts.patient}</label>
<input id="patient" name="patient" required maxlength="64" value="${filled.patient}" autocomplete="off">
<label for="reason">${texts.reason}</label>
<select id="reason" name="reason" required>${reasonOptions(locale, filled.reason)}</select>
<label for="explanation">${texts.explanation}</label>
<input id="explanation" name="explanation" required minlength="10" maxlength="1000" value="${filled.explanation}" autocomplete="off">
<label for="minutes">${texts.minutes(minutes)}</label>
<input id="minutes" name="minutes" type="number" min="1" max="${minutes}" value="${minutes}" required>
<label for="password">${texts.password}</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password">
<label for="code">${texts.code}</label>
<input id="code" name="code" maxlength="64" inputmode="numeric" autocomplete="one-time-code">
<button type="submit">${texts.open}</button>
${key.parts}
</form>
${keyOptions === undefined ? '' : webauthnScript}`;
}

function summary(locale: Locale, glass: GlassView): Html {
  const texts = glassTexts(locale);
  const reason = nameOf('break-the-glass-reason', glass.reason, locale);
  return html`<strong>Patient/${glass.patient_id}</strong> · ${glass.prenom} ${glass.nom} · ${texts.status[glass.status]} ${texts.until(
    glass.ended_at ?? glass.expires_at,
  )}<br>${reason}: ${glass.explanation}`;
}

function mineList({ locale, csrf, mine }: GlassPage): Html {
  const texts = glassTexts(locale);
  const items = mine.map(
    (glass) => html`<li>${summary(locale, glass)}
<form method="post" action="/break-the-glass/${glass.id}/end">${hidden(csrf)}<button class="plain" type="submit">${texts.end}</button></form></li>`,
  );
  return html`<h2>${texts.mine}</h2>${mine.length > 0 ? html`<ul>${items}</ul>` : html`<p>${texts.none}</p>`}`;
}

function reviewList({ locale, csrf, toReview }: GlassPage): Html | undefined {
  if (!toReview) return undefined;
  const texts = glassTexts(locale);
  const verdicts = (['justified', 'not-justified', 'follow-up'] as const).map(
    (verdict) => html`<option value="${verdict}">${nameOf('break-the-glass-verdict', verdict, locale)}</option>`,
  );
  const items = toReview.map(
    (glass) => html`<li>${summary(locale, glass)}
<form method="post" action="/break-the-glass/${glass.id}/review">${hidden(csrf)}
<label for="verdict-${glass.id}">${texts.verdict}</label>
<select id="verdict-${glass.id}" name="verdict">${verdicts}</select>
<label for="comment-${glass.id}">${texts.comment}</label>
<input id="comment-${glass.id}" name="comment" required maxlength="1000">
<button type="submit">${texts.judge}</button></form></li>`,
  );
  return html`<h2>${texts.toReview}</h2>${toReview.length > 0 ? html`<ul>${items}</ul>` : html`<p>${texts.none}</p>`}`;
}

export function glassPage(view: GlassPage): string {
  const { locale, mayOpen, error } = view;
  const texts = glassTexts(locale);
  const said = error && `${error.isRefusal ? texts.failed.forbidden : texts.failed.other}${error.message}`;
  return page(
    locale,
    texts.title,
    html`${said === undefined ? undefined : html`<p class="bad" role="alert">${said}</p>`}
${mayOpen ? openForm(view) : html`<p>${texts.notAllowed}</p>`}
${mayOpen ? mineList(view) : undefined}
${reviewList(view)}`,
  );
}
