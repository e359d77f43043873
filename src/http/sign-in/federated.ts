/** Away to a hospital's identity provider, back from it, and the page that says why it did not work. */
import type { Request, Response } from 'express';
import type { Why } from '../../auth/federation/refusal.ts';
import type { FederatedResult, FederatedStep } from '../../auth/interaction/federated.ts';
import { refusedPage } from '../pages/federation.ts';
import { peerOf } from './forms.ts';
import { frameOf, type StepPages, showPage } from './step-pages.ts';

/** 503 for what may work later, 403 for what an administrator would have to change. */
export const statusOf = (why: Why) => (why === 'unavailable' ? 503 : why === 'stale' ? 410 : 403);

/** The query as it was sent. */
export const queryOf = ({ originalUrl }: Request) => {
  const at = originalUrl.indexOf('?');
  return at < 0 ? '' : originalUrl.slice(at + 1);
};

function show(request: Request, response: Response, result: FederatedResult): void {
  if (!result) return;
  const { why, view, name } = result;
  const { locale, action } = frameOf(request, view);
  showPage(response, view, refusedPage({ locale, why, name, action }), statusOf(why));
}

export function federatedPages(federated: FederatedStep): StepPages {
  return {
    routes(router) {
      router.get('/interaction/:uid/federated/:idp', async (request, response) => {
        show(request, response, await federated.begin(request, response, request.params.idp, peerOf(request)));
      });
      router.get('/interaction/:uid/federated/:idp/return', async (request, response) => {
        const { idp } = request.params;
        show(
          request,
          response,
          await federated.comeBack(request, response, { id: idp, query: queryOf(request) }, peerOf(request)),
        );
      });
    },
  };
}
