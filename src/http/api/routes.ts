/** The LIVEDOC API as a table. */
import { clientRoutes } from './clients.ts';
import { launchRoutes } from './launches.ts';
import { predictionRoutes } from './predictions.ts';
import type { Route } from './route.ts';
import { userRoutes } from './users.ts';

export const routes: readonly Route[] = [...predictionRoutes, ...clientRoutes, ...launchRoutes, ...userRoutes];
