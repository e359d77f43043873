/** The whole surface of the server, one row a part: the path it is mounted at, who may come, what answers. */
import type { RequestHandler } from 'express';

export interface Route {
  /** Express matches it and everything below. */
  readonly path: string;
  /** `open` to everybody, or each request `authenticated` by the part itself before it does anything. */
  readonly access: 'open' | 'authenticated';
  readonly part: RequestHandler | undefined;
}

/** The parts that `createApp` is given; what is absent is not there (404). */
export interface Parts {
  /** Sign-in, tokens and SMART's discovery: /oidc, /interaction, /fhir/.well-known. */
  readonly oidc?: RequestHandler;
  readonly dicomweb?: RequestHandler;
  readonly api?: RequestHandler;
}

/** The rows behind /fhir, which has a table of its own (fhir/interactions/table.ts) and is answered ahead of these. */
export function routes({ oidc, dicomweb, api }: Parts, health: RequestHandler): readonly Route[] {
  return [
    { path: '/', access: 'open', part: health },
    { path: '/', access: 'open', part: oidc },
    { path: '/dicomweb', access: 'authenticated', part: dicomweb },
    { path: '/api', access: 'authenticated', part: api },
  ];
}
