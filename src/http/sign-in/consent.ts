/** The consent step's page and form. */
import type { Interactions } from '../../auth/interaction/interactions.ts';
import type { PatientChoice } from '../../auth/launch/find-records.ts';
import { consentPage } from '../pages/consent.ts';
import { fieldsOf, peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

/** A name alone may be that of several. */
function nameOf({ name, birthDate }: PatientChoice): string {
  return birthDate === undefined ? name : `${name} (${birthDate})`;
}

export function consentPages({ consent, patient }: Pick<Interactions, 'consent' | 'patient'>): StepPages {
  return {
    prompt: 'consent',
    async show(request, response) {
      if (await consent.recall(request, response, peerOf(request))) return;
      const view = await consent.view(request, response);
      const { offers, redirectUri } = view;
      const chosen = await patient.chosen(request, response, peerOf(request));
      const frame = { ...frameOf(request, view), offers, redirectUri };
      showPage(response, view, consentPage({ ...frame, patient: chosen && nameOf(chosen) }));
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
