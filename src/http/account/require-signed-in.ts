/** Lets a page of ours be seen by who is signed in; others sign in first and come back to it. */
import type { Request, RequestHandler, Response } from 'express';
import { type BrowserSessions, type Demand, hasCsrf, type SignedIn } from '../../auth/browser-session.ts';
import { FhirError } from '../../shared/errors.ts';
import { fieldsOf } from '../sign-in/forms.ts';

const key = 'signedIn';

/** What `requireSignedIn` found. */
export function signedInOf(response: Response): SignedIn {
  return response.locals[key] as SignedIn;
}

/** Whether the session is what the page asks for, or only one of an hour ago. */
function isEnough({ authTime }: SignedIn, { maxAge }: Demand): boolean {
  return maxAge === undefined || Date.now() / 1000 - authTime <= maxAge;
}

/**
 * A GET of somebody else is redirected to sign in; any other request is refused with FhirError `unauthenticated`, because
 * what it carried would be lost on the way. `demand.maxAge` (seconds) asks for a proof that is so fresh.
 */
export function requireSignedIn(browser: BrowserSessions, demand: Demand = {}): RequestHandler {
  return async (request, response, next) => {
    const signedIn = await browser.signedIn(request, response);
    if (signedIn && isEnough(signedIn, demand)) {
      response.locals[key] = signedIn;
      next();
      return;
    }
    if (request.method !== 'GET') throw new FhirError('unauthenticated', 'Your sign-in is over. Sign in again.');
    response.set('cache-control', 'no-store').redirect(303, browser.signInUrl(request.originalUrl, demand));
  };
}

/** Refuses a form that was not made for this session, with FhirError `forbidden`. To be put after `form`. */
export function checkCsrf(request: Request, response: Response): void {
  if (hasCsrf(signedInOf(response), fieldsOf(request)['csrf'])) return;
  throw new FhirError('forbidden', 'The form is not one of this server, or older than your sign-in.');
}
