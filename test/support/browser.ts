/** A browser without a screen: cookies by path, redirects followed by hand, forms filled in. */

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const attribute = (tag: string, name: string) =>
  new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#39;', "'");

/** The first form of a page whose action ends so, with what it would send as it stands (buttons apart). */
export function formOf({ html, url }: Page, actionEnd = ''): { action: URL; fields: URLSearchParams } {
  for (const [, open = '', inside = ''] of html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g)) {
    const action = attribute(open, 'action') ?? '';
    if (!action.endsWith(actionEnd)) continue;
    const fields = new URLSearchParams();
    for (const [tag] of inside.matchAll(/<input\b[^>]*>/g)) {
      const name = attribute(tag, 'name');
      const isLeftOut = attribute(tag, 'type') === 'checkbox' && !/\bchecked\b/.test(tag);
      if (name !== undefined && !isLeftOut) fields.append(name, attribute(tag, 'value') ?? '');
    }
    return { action: new URL(action, url), fields };
  }
  throw new Error(`No form "${actionEnd}" in: ${html}`);
}

export class Browser {
  readonly cookies: Cookie[] = [];
  readonly language: string;

  constructor(language = 'en') {
    this.language = language;
  }

  private header({ pathname }: URL): string {
    return this.cookies
      .filter(({ path }) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  private keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const path = attributes.find((text) => /^path=/i.test(text))?.slice(5) ?? '/';
      const at = this.cookies.findIndex((cookie) => cookie.name === name && cookie.path === path);
      if (at >= 0) this.cookies.splice(at, 1);
      if (value !== '') this.cookies.push({ name, value, path });
    }
  }

  /** One request, no redirect. */
  async request(url: URL, init: RequestInit = {}): Promise<Response> {
    const cookie = this.header(url);
    const headers = {
      accept: 'text/html',
      'accept-language': this.language,
      ...(init.method === 'POST' ? { origin: url.origin } : {}),
      ...(cookie ? { cookie } : {}),
      ...(init.headers as Record<string, string> | undefined),
    };
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    this.keep(response);
    return response;
  }

  /** Follows redirects as long as they stay on the server; the last page has the URL that it is at or would be at. */
  async open(url: URL, init: RequestInit = {}): Promise<Page> {
    const response = await this.request(url, init);
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, url);
      if (next.origin === url.origin && !next.pathname.startsWith('/callback')) return this.open(next);
      return { url: next, status: response.status, headers: response.headers, html: '' };
    }
    return { url, status: response.status, headers: response.headers, html: await response.text() };
  }

  /** Sends a form of a page with these fields changed. */
  async submit(page: Page, actionEnd: string, changes: Readonly<Record<string, string>> = {}): Promise<Page> {
    const { action, fields } = formOf(page, actionEnd);
    for (const [name, value] of Object.entries(changes)) fields.set(name, value);
    return this.open(action, { method: 'POST', body: fields });
  }
}
