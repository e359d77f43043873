/** The consent step's page and form. */
import type { Interactions } from '../../auth/interaction/interactions.ts';
import { consentPage } from '../pages/consent.ts';
import { fieldsOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

export function consentPages({ consent, abort }: Pick<Interactions, 'consent' | 'abort'>): StepPages {
  return {
    prompt: 'consent',
    async show(request, response) {
      const view = await consent.view(request, response);
      showPage(response, view, consentPage({ ...frameOf(request, view), scopes: view.scopes }));
    },
    routes(router) {
      router.post('/interaction/:uid/consent', async (request, response) => {
        const { csrf, scope = [], decision } = fieldsOf(request);
        if (decision !== 'allow') return abort(request, response, { csrf });
        const scopes = [scope].flat().filter((word): word is string => typeof word === 'string');
        return consent.submit(request, response, { csrf, scopes });
      });
    },
  };
}
