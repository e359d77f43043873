/** What pages with a second factor share: the QR code, forms for codes and keys, recovery codes. */
import { encode } from 'uqr';
import type { Locale } from '../../auth/pages.ts';
import { factorTexts } from './factor-texts.ts';
import { type Html, html } from './html.ts';
import { webauthnScript } from './webauthn-script.ts';

export interface Forms {
  readonly locale: Locale;
  /** Where the form is sent. */
  readonly action: string;
  readonly csrf: string;
}

/** The QR code as a drawing in the page: no image to fetch, so none to allow. */
function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="232" height="232" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}

export const problemOf = (problem: string | undefined): Html =>
  problem === undefined ? html`` : html`<p id="problem" class="bad" role="alert">${problem}</p>`;

/** One field for the code of a device or a recovery code. */
export function codeForm({ locale, action, csrf }: Forms): Html {
  const texts = factorTexts(locale);
  return html`<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<label for="code">${texts.code}</label>
<input id="code" name="code" type="text" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" required autofocus maxlength="64" aria-describedby="problem">
<button type="submit">${texts.check}</button>
</form>`;
}

/** A form that asks for a key; it shows itself where there is a script to answer. */
function keyForm(
  { locale, action, csrf }: Forms,
  kind: 'create' | 'get',
  options: string,
  inside: Html,
  button: string,
): Html {
  const texts = factorTexts(locale);
  return html`<form method="post" action="${action}" data-webauthn="${kind}" data-options="${options}" hidden>
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="answer" value="">
${inside}
<p class="bad" role="alert" hidden>${texts.keyFailed}</p>
<button type="submit">${button}</button>
</form>
<noscript><p>${texts.noScript}</p></noscript>`;
}

/** To prove that a key is at hand. */
export function proveKeyForm(forms: Forms, options: string): Html {
  return html`${keyForm(forms, 'get', options, html``, factorTexts(forms.locale).useKey)}
${webauthnScript}`;
}

/** For a form that has other fields: its attributes, and what it needs to let a key answer in the place of a code. */
export function keyInForm(locale: Locale, options: string | undefined): { attributes: Html; parts: Html } {
  if (options === undefined) return { attributes: html``, parts: html`` };
  const texts = factorTexts(locale);
  return {
    attributes: html` data-webauthn="get" data-options="${options}"`,
    parts: html`<input type="hidden" name="answer" value="">
<p class="bad" role="alert" hidden>${texts.keyFailed}</p>
<button type="submit" data-key hidden>${texts.useKey}</button>`,
  };
}

const nameField = (
  locale: Locale,
  id: string,
  value: string,
) => html`<label for="${id}">${factorTexts(locale).name}</label>
<input id="${id}" name="name" type="text" maxlength="64" value="${value}">`;

export interface NewFactors {
  readonly device: { readonly secret: string; readonly uri: string; readonly sealed: string };
  readonly keyOptions: string;
}

/** The forms that add a device and a key. */
export function enrolForms(forms: Forms, { device, keyOptions }: NewFactors): Html {
  const { locale, action, csrf } = forms;
  const texts = factorTexts(locale);
  const secret = device.secret.replace(/(.{4})(?=.)/g, '$1 ');
  const named = nameField(locale, 'key-name', texts.keyName);
  return html`<h2>${texts.device}</h2>
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="sealed" value="${device.sealed}">
<p>${texts.scan}</p>
<p>${qrCode(device.uri, texts.qr)}</p>
<p><code id="secret">${secret}</code></p>
${nameField(locale, 'device-name', texts.deviceName)}
<label for="code">${texts.newCode}</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required maxlength="16" aria-describedby="problem">
<button type="submit">${texts.addDevice}</button>
</form>
<h2>${texts.key}</h2>
<p>${texts.keyText}</p>
${keyForm(forms, 'create', keyOptions, named, texts.addKey)}
${webauthnScript}`;
}

/** The codes, the one time that they are shown. */
export function recoveryCodes(locale: Locale, codes: readonly string[]): Html {
  const texts = factorTexts(locale);
  return html`<h2>${texts.codes}</h2>
<p>${texts.codesText}</p>
<ol id="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ol>`;
}
