/** The LIVEDOC API as a table. */
import { breakTheGlassRoutes } from './break-the-glass.ts';
import { clientRoutes } from './clients.ts';
import { identityProviderRoutes } from './identity-providers.ts';
import { launchRoutes } from './launches.ts';
import { predictionRoutes } from './predictions.ts';
import type { Route } from './route.ts';
import { secondFactorRoutes } from './second-factors.ts';
import { userRoutes } from './users.ts';

export const routes: readonly Route[] = [
  ...predictionRoutes,
  ...breakTheGlassRoutes,
  ...clientRoutes,
  ...identityProviderRoutes,
  ...launchRoutes,
  ...secondFactorRoutes,
  ...userRoutes,
];
