/** The LIVEDOC API as a table. */
import { predictionRoutes } from './predictions.ts';
import type { Route } from './route.ts';

export const routes: readonly Route[] = [...predictionRoutes];
