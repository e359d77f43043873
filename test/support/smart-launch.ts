/** Launching applications by hand: handles, sign-ins with the choice of a patient, tokens. */
import { Browser, type Page } from './browser.ts';
import { type Authorization, authorizationUrl, pkce, redeem, redirectUri } from './smart-client.ts';
import { emailOf, password, type SmartServer } from './smart-server.ts';

export interface Walk {
  readonly email?: string;
  /** Whom to choose where a patient is asked for, and which consultation; an empty one is none. */
  readonly patient?: string;
  readonly encounter?: string;
}

/** Goes through the pages of a sign-in as far as they come; the last one is at the application, or an error. */
export async function walkThrough(browser: Browser, first: Page, walk: Walk = {}): Promise<Page> {
  const { email = emailOf('MEDECIN'), patient = 'awa', encounter = '' } = walk;
  let page = first;
  if (page.html.includes('/login"')) page = await browser.submit(page, '/login', { email, password });
  if (page.html.includes('name="patient"')) page = await browser.submit(page, '/patient', { patient });
  if (page.html.includes('name="encounter"')) page = await browser.submit(page, '/patient', { encounter });
  if (page.html.includes('/consent"')) page = await browser.submit(page, '/consent', { decision: 'allow' });
  return page;
}

export interface Launched {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Asked = Omit<Authorization, 'origin' | 'verifier'> & { readonly walk?: Walk };

/** From the authorization request to the token response; `proof` is what a confidential client proves itself by. */
export async function launchApp(
  origin: string,
  asked: Asked,
  browser = new Browser(),
  proof: Readonly<Record<string, string>> = {},
): Promise<Launched> {
  const { verifier } = pkce();
  const first = await browser.open(authorizationUrl({ ...asked, origin, verifier }));
  const { url, status, html } = await walkThrough(browser, first, asked.walk);
  const code = url.searchParams.get('code');
  if (!url.href.startsWith(redirectUri) || !code) throw new Error(`No code: ${status} ${url} ${html}`);
  return redeem(origin, { client_id: asked.clientId, code, code_verifier: verifier, ...proof });
}

/** What the application is told when there is no code. */
export async function refusal(origin: string, asked: Asked, browser: Browser): Promise<URLSearchParams> {
  const first = await browser.open(authorizationUrl({ ...asked, origin }));
  const { url, status, html } = await walkThrough(browser, first, asked.walk);
  if (!url.href.startsWith(redirectUri)) throw new Error(`Not at the application: ${status} ${url} ${html}`);
  return url.searchParams;
}

/** POST /api/launches. */
export async function postLaunch(server: SmartServer, token: string, body: unknown): Promise<Launched> {
  const response = await server.request('/~/api/launches', token, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Launched['body'] };
}
