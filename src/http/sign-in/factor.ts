/** The pages and forms of a sign-in's second factor. */
import type { Request, Response } from 'express';
import type { FactorResult, FactorStep, FactorView } from '../../auth/interaction/factor.ts';
import { factorPage } from '../pages/factor-step.ts';
import { factorTexts } from '../pages/factor-texts.ts';
import { webauthnScriptHash } from '../pages/webauthn-script.ts';
import { fieldsOf, peerOf, textOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

const statuses = { refused: 401, wait: 429, read: 200 } as const;

function show(request: Request, response: Response, view: FactorView, result?: FactorResult): void {
  const frame = frameOf(request, view);
  const texts = factorTexts(frame.locale);
  if (result?.kind === 'wait') response.set('retry-after', String(result.seconds));
  const problems = { refused: texts.refused, read: undefined };
  const problem = result?.kind === 'wait' ? texts.wait(result.seconds) : result && problems[result.kind];
  const page = factorPage(frame, view, problem);
  showPage(response, view, page, result ? statuses[result.kind] : 200, webauthnScriptHash);
}

function answer(request: Request, response: Response, result: FactorResult): void {
  if (result) show(request, response, result.view, result);
}

/** Answers with the page of the second factor when the sign-in is there; says whether it was. */
export function showFactor(factor: FactorStep): (request: Request, response: Response) => Promise<boolean> {
  return async (request, response) => {
    const view = await factor.view(request, response);
    if (view) show(request, response, view);
    return view !== undefined;
  };
}

export function factorPages(factor: FactorStep): StepPages {
  return {
    routes(router) {
      // Who loads the page anew after a form asks for the form's address.
      const forms = ['factor', 'enrol', 'go-on'].map((step) => `/interaction/:uid/${step}`);
      router.get(forms, ({ params }, response) => {
        response.redirect(303, `/interaction/${encodeURIComponent(String(params['uid']))}`);
      });

      router.post('/interaction/:uid/factor', async (request, response) => {
        const { csrf, code, answer: assertion } = fieldsOf(request);
        const form = { csrf, code: textOf(code), assertion: textOf(assertion) };
        answer(request, response, await factor.prove(request, response, form, peerOf(request)));
      });

      router.post('/interaction/:uid/enrol', async (request, response) => {
        const { csrf, name, code, sealed, answer: attestation } = fieldsOf(request);
        const form = {
          csrf,
          name: textOf(name),
          code: textOf(code),
          sealed: textOf(sealed),
          attestation: textOf(attestation),
        };
        answer(request, response, await factor.enrol(request, response, form, peerOf(request)));
      });

      router.post('/interaction/:uid/go-on', async (request, response) => {
        const { csrf } = fieldsOf(request);
        await factor.goOn(request, response, { csrf }, peerOf(request));
      });
    },
  };
}
