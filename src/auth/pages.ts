/** The pages that the provider shows by itself; `http` draws them. */

export type Locale = 'fr' | 'en';

export interface Pages {
  /** `code` is an OAuth error code, `description` its text in English. */
  error(view: { readonly locale: Locale; readonly code: string; readonly description?: string | undefined }): string;
  /** `form` is the provider's hidden form with the id `op.logoutForm`; a button `logout=yes` of it signs out. */
  logout(view: { readonly locale: Locale; readonly form: string; readonly clientName?: string | undefined }): string;
  loggedOut(view: { readonly locale: Locale }): string;
}

/**
 * The language of the pages: what the app asks for (`ui_locales`), else what the browser prefers, else French.
 * https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export function localeOf(uiLocales: unknown, acceptLanguage: string | undefined): Locale {
  const asked = typeof uiLocales === 'string' ? uiLocales.split(' ') : [];
  const preferred = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(';');
      const weight = parameters.map((text) => /^\s*q=([\d.]+)\s*$/.exec(text)?.[1]).find((q) => q !== undefined);
      return { tag, weight: weight === undefined ? 1 : Number(weight) };
    })
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
  const known = [...asked, ...preferred].map((tag) => /^(fr|en)\b/i.exec(tag)?.[1]?.toLowerCase());
  return known.find((language): language is Locale => language !== undefined) ?? 'fr';
}
