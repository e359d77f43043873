/** The pages on which a person chooses a password: signed in, by a link, or asking for a link. */
import type { Locale } from '../../auth/pages.ts';
import { type AccountTexts, accountTexts } from './account-texts.ts';
import { type Html, html, page } from './html.ts';

/** What went wrong with the last try: which field, and why. */
export interface FieldProblem {
  readonly field: 'current' | 'next' | 'repeat';
  readonly text: string;
}

interface PasswordField {
  readonly name: FieldProblem['field'];
  readonly label: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly isFirst: boolean;
}

/** A field with its problem and, for a new password, the rules said before anything is typed. */
function fieldOf({ name, label, autocomplete, isFirst }: PasswordField, problem: FieldProblem | undefined): Html {
  const isWrong = problem?.field === name;
  const described = [...(isWrong ? ['problem'] : []), ...(name === 'next' ? ['rules'] : [])].join(' ');
  const focus = isWrong || (isFirst && problem === undefined) ? html` autofocus` : html``;
  return html`<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" required aria-invalid="${isWrong ? 'true' : 'false'}" aria-describedby="${described}"${focus}>`;
}

const problemOf = (problem: FieldProblem | undefined): Html =>
  problem === undefined ? html`` : html`<p id="problem" class="bad" role="alert">${problem.text}</p>`;

function newFields(texts: AccountTexts, problem: FieldProblem | undefined, isFirst: boolean): Html {
  const shared = { autocomplete: 'new-password' } as const;
  return html`<p id="rules">${texts.rules}</p>
${fieldOf({ ...shared, name: 'next', label: texts.next, isFirst }, problem)}
${fieldOf({ ...shared, name: 'repeat', label: texts.repeat, isFirst: false }, problem)}`;
}

/** For password managers, which keep a password beside a name. */
const nameField = (email: string): Html =>
  html`<input type="text" name="username" autocomplete="username" value="${email}" readonly hidden>`;

interface View {
  readonly locale: Locale;
  readonly problem?: FieldProblem | undefined;
}

export function changePasswordPage({
  locale,
  csrf,
  email,
  problem,
}: View & { readonly csrf: string; readonly email: string }): string {
  const texts = accountTexts(locale);
  const current = { name: 'current', label: texts.current, autocomplete: 'current-password', isFirst: true } as const;
  return page(
    locale,
    texts.changePassword,
    html`${problemOf(problem)}
<form method="post" action="/account/password">
<input type="hidden" name="csrf" value="${csrf}">
${nameField(email)}
${fieldOf(current, problem)}
${newFields(texts, problem, false)}
<button type="submit">${texts.save}</button>
</form>
<p><a href="/account">${texts.account}</a></p>`,
  );
}

export interface LinkView extends View {
  readonly link: string;
  readonly email: string;
  readonly name: string;
  readonly isInvitation: boolean;
}

export function linkPage({ locale, problem, link, email, name, isInvitation }: LinkView): string {
  const texts = accountTexts(locale);
  return page(
    locale,
    isInvitation ? texts.welcome(name) : texts.resetTitle,
    html`<p>${texts.chooseText}</p>
<p>${email}</p>
${problemOf(problem)}
<form method="post" action="/password">
<input type="hidden" name="link" value="${link}">
${nameField(email)}
${newFields(texts, problem, true)}
<button type="submit">${texts.save}</button>
</form>`,
  );
}

export function linkDonePage({ locale }: View): string {
  const texts = accountTexts(locale);
  const content = html`<p role="status">${texts.isSetText}</p>\n<p><a href="/account">${texts.signIn}</a></p>`;
  return page(locale, texts.isSet, content);
}

export function linkGonePage({ locale }: View): string {
  const texts = accountTexts(locale);
  return page(locale, texts.gone, html`<p class="bad" role="alert">${texts.goneText}</p>`);
}

export function forgotPage({ locale, wait }: View & { readonly wait?: number | undefined }): string {
  const texts = accountTexts(locale);
  return page(
    locale,
    texts.forgotTitle,
    html`<p>${texts.forgotText}</p>
${wait === undefined ? '' : html`<p id="problem" class="bad" role="alert">${texts.wait(wait)}</p>`}
<form method="post" action="/password/forgotten">
<label for="email">${texts.email}</label>
<input id="email" name="email" type="email" autocomplete="username" maxlength="254" required autofocus>
<button type="submit">${texts.ask}</button>
</form>`,
  );
}

export function forgotAskedPage({ locale }: View): string {
  const texts = accountTexts(locale);
  return page(locale, texts.asked, html`<p role="status">${texts.askedText}</p>`);
}
