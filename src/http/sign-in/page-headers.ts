/** The headers and the error page that all pages of the server share. */
import type { Request, Response } from 'express';
import { localeOf } from '../../auth/pages.ts';
import type { FhirError } from '../../shared/errors.ts';
import { policyWith } from '../pages/html.ts';
import { providerPages } from '../pages/provider-pages.ts';

/** The pages must not be framed, kept or sniffed, and tell nobody where the person comes from. */
export function guard(response: Response, targets: string, scriptHash?: string): void {
  response.set({
    'content-security-policy': `${policyWith(scriptHash)}${targets}`,
    'cache-control': 'no-store',
    // Not no-referrer: with it browsers send `Origin: null` with a form of the page itself.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
}

/** Browsers hold the redirects after a form to its page's form-action, so the application's address has to be in it. */
export function formTargets(redirectUri: string): string {
  const url = URL.parse(redirectUri);
  const target = url && (url.protocol === 'http:' || url.protocol === 'https:' ? url.origin : url.protocol);
  return `; form-action 'self' ${target ?? ''}`;
}

/** Answers with a readable page that says what is wrong. */
export function showError(request: Request, response: Response, error: FhirError): void {
  const locale = localeOf(undefined, request.get('accept-language'));
  guard(response, '');
  if (error.detail.retryAfter !== undefined) response.set('retry-after', String(error.detail.retryAfter));
  response
    .status(error.status)
    .type('html')
    .send(providerPages.error({ locale, code: error.kind, description: error.message }));
}
