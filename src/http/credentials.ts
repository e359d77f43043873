/** What a request says about who sends it: header, address, and an id by which its traces are found. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { peerOf } from './peer.ts';

export interface Credentials {
  readonly authorization: string | undefined;
  /** The peer's network address. */
  readonly address: string | undefined;
  readonly requestId: string;
  /** The DPoP header. */
  readonly dpop: string | undefined;
  readonly method: string | undefined;
  /** Path and query as they were asked for. */
  readonly url: string | undefined;
  /** The TLS certificate of the peer, PEM. */
  readonly certificate: string | undefined;
}

const sane = /^[A-Za-z0-9._:-]{1,64}$/;

/** The credentials of a request. The client's X-Request-Id is kept when it is short and plain, else there is a new one. */
export function credentialsOf(request: IncomingMessage): Credentials {
  const { headers, method } = request;
  const { dpop } = headers;
  const { address, certificate } = peerOf(request);
  const given = headers['x-request-id'];
  return {
    authorization: headers.authorization,
    address,
    requestId: typeof given === 'string' && sane.test(given) ? given : randomUUID(),
    dpop: typeof dpop === 'string' ? dpop : undefined,
    method,
    // Express takes off what a router is mounted at.
    url: (request as { readonly originalUrl?: string }).originalUrl ?? request.url,
    certificate: certificate?.pem,
  };
}
