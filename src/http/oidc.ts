/**
 * Mounts the OpenID provider, SMART's discovery document and the pages of a sign-in.
 * http://hl7.org/fhir/smart-app-launch/app-launch.html
 */
import { Router } from 'express';
import type { BreakGlass } from '../auth/glass/break-glass.ts';
import { smartStyle, smartStylePath } from '../auth/launch/style.ts';
import type { Auth } from '../auth/open-auth.ts';
import type { Logger } from '../shared/logger.ts';
import { accountRoutes } from './account/account.ts';
import { discoveryRoutes } from './discovery.ts';
import { glassRoutes } from './glass/glass.ts';
import { launcherRoutes } from './launcher/launcher.ts';
import { providerPages } from './pages/provider-pages.ts';
import { registrationRoutes } from './registration.ts';
import { authorizeByPost } from './sign-in/authorize-by-post.ts';
import { federationRoutes } from './sign-in/federation.ts';
import { form } from './sign-in/forms.ts';
import { guard } from './sign-in/page-headers.ts';
import { signInRoutes } from './sign-in/sign-in.ts';

export interface OidcDeps {
  readonly auth: Auth;
  /** Absent: nobody breaks the glass. */
  readonly breakGlass?: BreakGlass;
  readonly log: Logger;
}

/** To be mounted at the server's root: /oidc, /interaction and SMART's discovery document below the FHIR base. */
export function oidc({ auth, breakGlass, log }: OidcDeps): Router {
  const router = Router();
  const { listener, interactions, browser } = auth.serve(providerPages);
  const { origin } = new URL(auth.issuer);

  router.use(discoveryRoutes(auth));
  router.get(smartStylePath, (_request, response) => {
    response.set({ 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=86400' });
    response.json(smartStyle);
  });
  router.post('/oidc/auth', form, authorizeByPost);
  if (auth.registration) router.use('/oidc/reg', registrationRoutes(auth.registration, log));
  router.use('/oidc', (request, response) => {
    guard(response, '');
    response.removeHeader('cache-control');
    listener(request, response);
  });
  router.use(signInRoutes(interactions, origin, log));
  router.use(federationRoutes(auth.federation, log));
  const { applications, factors, accounts } = auth;
  router.use(accountRoutes({ browser, applications, factors, accounts, federation: auth.federation, origin, log }));
  if (breakGlass) router.use(glassRoutes({ browser, breakGlass, factors: auth.factors, origin, log }));
  router.use(launcherRoutes({ browser, launcher: auth.launcher, origin, log }));
  return router;
}
