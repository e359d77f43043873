/** Turning back, from any step of a sign-in. */
import type { Interactions } from '../../auth/interaction/interactions.ts';
import { fieldsOf } from './forms.ts';
import type { StepPages } from './step-pages.ts';

export function abortPages({ abort }: Pick<Interactions, 'abort'>): StepPages {
  return {
    routes(router) {
      router.post('/interaction/:uid/abort', async (request, response) => {
        const { csrf } = fieldsOf(request);
        await abort(request, response, { csrf });
      });
    },
  };
}
