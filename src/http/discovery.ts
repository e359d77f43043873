/**
 * What apps read before anybody signs in, from whichever origin: SMART's discovery document and the user-access brands.
 * https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
 */
import { Router } from 'express';
import { brandsPath } from '../auth/brands.ts';
import type { Auth } from '../auth/open-auth.ts';
import { forEverybody } from './cors.ts';
import { isKnown } from './metadata.ts';

const configurationPath = '/fhir/.well-known/smart-configuration';

/** To be mounted at the root. */
export function discoveryRoutes({ smartConfiguration, brands }: Pick<Auth, 'smartConfiguration' | 'brands'>): Router {
  const router = Router();
  router.all([configurationPath, brandsPath], forEverybody);

  router.get(configurationPath, (_request, response) => {
    response.set('cache-control', 'public, max-age=300').json(smartConfiguration());
  });

  router.get(brandsPath, (request, response) => {
    response.set({ 'cache-control': 'public, max-age=300', etag: brands.etag });
    if (isKnown(brands, request.get('if-none-match'))) {
      response.status(304).end();
      return;
    }
    response.type('application/fhir+json').send(brands.text);
  });
  return router;
}
