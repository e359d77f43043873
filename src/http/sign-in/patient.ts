/** The patient step's page, its search, and its form. */
import type { PatientStep } from '../../auth/interaction/patient.ts';
import { patientPage } from '../pages/patient.ts';
import { fieldsOf, peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

/** Longer is no link of ours. */
const longestPage = 4096;

/** What a search of a page asks for: words, or one of its pages. */
export function lookingFor(query: Readonly<Record<string, unknown>>): { query: string; page: string | undefined } {
  const { q, page } = query;
  return {
    query: typeof q === 'string' ? q.slice(0, 100) : '',
    page: typeof page === 'string' && page !== '' ? page.slice(0, longestPage) : undefined,
  };
}

export function patientPages(step: PatientStep): StepPages {
  return {
    prompt: 'patient',
    async show(request, response) {
      const view = await step.view(request, response, lookingFor(request.query), peerOf(request));
      showPage(response, view, patientPage(frameOf(request, view), view));
    },
    routes(router) {
      router.post('/interaction/:uid/patient', (request, response) => {
        const { csrf, patient, encounter } = fieldsOf(request);
        return step.submit(request, response, { csrf, patient, encounter }, peerOf(request));
      });
    },
  };
}
