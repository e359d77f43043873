/** The consent step's page and form. */
import type { Interactions } from '../../auth/interaction/interactions.ts';
import { consentPage } from '../pages/consent.ts';
import { fieldsOf, peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

export function consentPages({ consent }: Pick<Interactions, 'consent'>): StepPages {
  return {
    prompt: 'consent',
    async show(request, response) {
      if (await consent.recall(request, response, peerOf(request))) return;
      const view = await consent.view(request, response);
      const { offers, redirectUri } = view;
      showPage(response, view, consentPage({ ...frameOf(request, view), offers, redirectUri }));
    },
    routes(router) {
      router.post('/interaction/:uid/consent', async (request, response) => {
        const { csrf, scope = [], decision } = fieldsOf(request);
        const peer = peerOf(request);
        if (decision !== 'allow') return consent.refuse(request, response, { csrf }, peer);
        const scopes = [scope].flat().filter((word): word is string => typeof word === 'string');
        return consent.submit(request, response, { csrf, scopes }, peer);
      });
    },
  };
}
