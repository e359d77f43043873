/** The pages of one step of a sign-in: what `sign-in` mounts for each. */
import type { Request, Response, Router } from 'express';
import type { StepView } from '../../auth/interaction/step.ts';
import { type Locale, localeOf } from '../../auth/pages.ts';
import { formTargets, guard } from './page-headers.ts';

export interface StepPages {
  /** Whose page it is; undefined for what belongs to every step. */
  readonly prompt?: string;
  /** Answers GET /interaction/:uid while the sign-in is at this step. */
  readonly show?: (request: Request, response: Response) => Promise<void>;
  /** The forms of the step, below /interaction/:uid; they were guarded and read already. */
  readonly routes?: (router: Router) => void;
}

/** What every page of a step is drawn with. */
export interface PageFrame {
  readonly locale: Locale;
  /** Path of the sign-in, to which a step's forms add their names. */
  readonly action: string;
  readonly csrf: string;
  readonly clientName: string;
}

export function frameOf(request: Request, { uid, uiLocales, csrf, clientName }: StepView): PageFrame {
  const locale = localeOf(uiLocales, request.get('accept-language'));
  return { locale, action: `/interaction/${uid}`, csrf, clientName };
}

/** Answers with a page of the step. */
export function showPage(
  response: Response,
  { redirectUri }: StepView,
  page: string,
  status = 200,
  scriptHash?: string,
): void {
  guard(response, formTargets(redirectUri), scriptHash);
  response.status(status).type('html').send(page);
}
