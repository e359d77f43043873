/** Opens and closes the HTTP port. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { maxUrl } from './fhir-request.ts';

/** Headers that are not there by then never come. */
const headersTimeout = 20_000;
/** A connection on which nothing moves, neither in nor out. */
const idleTimeout = 120_000;
/** Longer than load balancers keep theirs, so that it is they who close. */
const keepAliveTimeout = 75_000;
/** A URL of twice the longest kind, so that it can be refused by name, and the usual headers. */
const maxHeaderSize = 2 * maxUrl + 16_384;

export interface Listening {
  readonly port: number;
  /** Takes no more connections, and waits so long for requests under way. */
  close(options: { readonly drainSeconds: number }): Promise<void>;
}

/** Listens; port 0 takes a free one. */
export async function listen(
  listener: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  // Bodies have no time limit of their own (a study may be gigabytes), only one without any movement.
  const server = createServer({ headersTimeout, requestTimeout: 0, keepAliveTimeout, maxHeaderSize }, listener);
  server.setTimeout(idleTimeout);
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close({ drainSeconds }) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
      await closed;
      clearTimeout(timer);
    },
  };
}
