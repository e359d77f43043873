/** A person at the consent page: which boxes there are, and a form sent with some of them ticked. */
import { type Browser, formOf, type Page } from './browser.ts';
import { redeem } from './smart-client.ts';
import { emailOf, password } from './smart-server.ts';

export const isConsent = ({ html }: Page) => html.includes('/consent"');

/** The scopes that the page has boxes for, ticked or not. */
export function boxes({ html }: Page): readonly string[] {
  return [...html.matchAll(/name="scope" value="([^"]*)"/g)].map(([, word = '']) => word.replaceAll('&amp;', '&'));
}

/** Sends the form with exactly these boxes ticked. */
export function tick(browser: Browser, page: Page, scopes: readonly string[], decision = 'allow'): Promise<Page> {
  const { action, fields } = formOf(page, '/consent');
  fields.delete('scope');
  for (const scope of scopes) fields.append('scope', scope);
  fields.set('decision', decision);
  return browser.open(action, { method: 'POST', body: fields });
}

/** Opens the URL, signs in and chooses a patient where that is asked for. */
export async function arrive(browser: Browser, url: URL, patient = 'awa'): Promise<Page> {
  let page = await browser.open(url);
  if (page.html.includes('/login"')) {
    page = await browser.submit(page, '/login', { email: emailOf('MEDECIN'), password });
  }
  return page.html.includes('name="patient"') ? browser.submit(page, '/patient', { patient }) : page;
}

/** The tokens of the code in this address of the application. */
export async function tokensAt(
  { url }: Page,
  app: { readonly clientId: string; readonly redirectUri: string; readonly verifier: string; readonly origin: string },
): Promise<Record<string, string>> {
  const code = url.searchParams.get('code');
  if (!code) throw new Error(`No code at ${url}`);
  const { clientId: client_id, redirectUri: redirect_uri, verifier: code_verifier } = app;
  const { status, body } = await redeem(app.origin, { client_id, redirect_uri, code, code_verifier });
  if (status !== 200) throw new Error(`No tokens: ${JSON.stringify(body)}`);
  return body as Record<string, string>;
}
