/**
 * Signs a person in as an app would: authorization code with PKCE, the login and consent pages filled in by this program.
 * https://www.rfc-editor.org/rfc/rfc7636, http://hl7.org/fhir/smart-app-launch/app-launch.html
 */
import { createHash, randomBytes } from 'node:crypto';

export interface SignIn {
  /** The server's public URL, without a trailing slash. */
  readonly server: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly email: string;
  readonly password: string;
}

/** Enough pages for login, consent and their redirects; more is a loop. */
const maximumSteps = 12;

type Jar = Map<string, string>;

function remember(jar: Jar, response: Response): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = '', ...attributes] = cookie.split(';');
    const [name = '', ...value] = pair.split('=');
    const path =
      attributes
        .map((text) => text.trim())
        .find((text) => /^path=/i.test(text))
        ?.slice(5) ?? '/';
    jar.set(`${path} ${name}`, value.join('='));
  }
}

/** The cookies for a path; where two paths have one of a name, the longer path's is sent alone. */
function cookies(jar: Jar, pathname: string): string {
  const fitting = [...jar].filter(([key, value]) => value !== '' && pathname.startsWith(key.split(' ')[0] ?? '/'));
  const byName = new Map(
    fitting.sort(([a], [b]) => a.length - b.length).map(([key, value]) => [key.split(' ')[1] ?? '', value]),
  );
  return [...byName].map(([name, value]) => `${name}=${value}`).join('; ');
}

async function visit(jar: Jar, url: URL, form?: URLSearchParams): Promise<Response> {
  const cookie = cookies(jar, url.pathname);
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { accept: 'text/html', origin: url.origin, ...(cookie ? { cookie } : {}) },
    ...(form ? { method: 'POST', body: form } : {}),
  });
  remember(jar, response);
  return response;
}

const attribute = (tag: string, name: string) =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&');

/** What this program enters in an input of a page; undefined leaves it out, as a browser does with an unchecked box. */
function entered(tag: string, who: SignIn): string | undefined {
  switch (attribute(tag, 'type')) {
    case 'password':
      return who.password;
    case 'email':
      return who.email;
    case 'checkbox':
      return /\bchecked\b/.test(tag) ? (attribute(tag, 'value') ?? 'on') : undefined;
    case 'hidden':
      return attribute(tag, 'value') ?? '';
    default:
      return undefined;
  }
}

/** Fills the page's first form and presses its first named button. */
function fill(html: string, who: SignIn): { action: string; form: URLSearchParams } {
  const [, open, inside = ''] = /(<form\b[^>]*>)([\s\S]*?)<\/form>/.exec(html) ?? [];
  if (!open) {
    const text = html.replace(/<[^>]+>/g, ' ').trim();
    throw new Error(`The sign-in page has no form: ${text.slice(0, 200)}`);
  }
  const form = new URLSearchParams();
  for (const [tag] of inside.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, 'name');
    const value = entered(tag, who);
    if (name && value !== undefined) form.append(name, value);
  }
  const button = /<button\b[^>]*\bname="[^"]*"[^>]*>/.exec(inside)?.[0];
  if (button) form.append(attribute(button, 'name') ?? '', attribute(button, 'value') ?? '');
  return { action: attribute(open, 'action') ?? '', form };
}

/** Walks from the authorization request to the redirect that carries the code. */
async function authorizationCode(who: SignIn, request: URLSearchParams): Promise<string> {
  const jar: Jar = new Map();
  let url = new URL(`${who.server}/oidc/auth?${request}`);
  let form: URLSearchParams | undefined;
  for (let step = 0; step < maximumSteps; step += 1) {
    const response = await visit(jar, url, form);
    form = undefined;
    const location = response.headers.get('location');
    if (location) {
      url = new URL(location, url);
      if (!url.href.startsWith(who.redirectUri)) continue;
      const code = url.searchParams.get('code');
      if (code && url.searchParams.get('state') === request.get('state')) return code;
      throw new Error(`Sign-in refused: ${url.searchParams.get('error_description') ?? url.search}`);
    }
    const html = await response.text();
    if (!response.ok) throw new Error(`Sign-in failed with status ${response.status} at ${url.pathname}`);
    const next = fill(html, who);
    url = new URL(next.action, url);
    form = next.form;
  }
  throw new Error('Sign-in did not come to an end.');
}

export interface Tokens {
  readonly access_token: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token?: string;
}

/** The tokens of a public client; throws when the account, the client or a scope is refused. */
export async function signIn(who: SignIn): Promise<Tokens> {
  const verifier = randomBytes(48).toString('base64url');
  const code = await authorizationCode(
    who,
    new URLSearchParams({
      response_type: 'code',
      client_id: who.clientId,
      redirect_uri: who.redirectUri,
      scope: who.scope,
      state: randomBytes(16).toString('base64url'),
      aud: `${who.server}/fhir`,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }),
  );
  const response = await fetch(`${who.server}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: who.redirectUri,
      client_id: who.clientId,
      code_verifier: verifier,
    }),
  });
  const body = (await response.json()) as Tokens & { error?: string; error_description?: string };
  if (!response.ok) throw new Error(`No token: ${body.error} ${body.error_description ?? ''}`);
  return body;
}
