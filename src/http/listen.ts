/** Opens and closes the HTTP port, with TLS where there is a certificate. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { maxUrl } from './fhir-request.ts';
import { type TlsFiles, tlsOptions } from './tls.ts';

/** Headers that are not there by then never come. */
const headersTimeout = 20_000;
/** A connection on which nothing moves, neither in nor out. */
const idleTimeout = 120_000;
/** Longer than load balancers keep theirs, so that it is they who close. */
const keepAliveTimeout = 75_000;
/** A URL of twice the longest kind, so that it can be refused by name, and the usual headers. */
const maxHeaderSize = 2 * maxUrl + 16_384;
/** How soon a renewed certificate is taken up, milliseconds. */
const certificateLook = 60_000;

// Bodies have no time limit of their own (a study may be gigabytes), only one without any movement.
const limits = { headersTimeout, requestTimeout: 0, keepAliveTimeout, maxHeaderSize };

export interface Listening {
  readonly port: number;
  /** Takes no more connections, and waits so long for requests under way. */
  close(options: { readonly drainSeconds: number }): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
  /** Milliseconds between looks at the certificate's file. */
  readonly lookEvery?: number;
}

/** Takes up a renewed certificate without a restart; one that cannot be used is left alone, and the old one serves on. */
function renewing(server: TlsServer, files: TlsFiles, every: number): () => void {
  let seen = Date.now();
  async function look(): Promise<void> {
    const { mtimeMs } = await stat(files.cert);
    if (mtimeMs <= seen) return;
    server.setSecureContext(await tlsOptions(files));
    seen = mtimeMs;
  }
  const timer = setInterval(() => void look().catch(() => undefined), every).unref();
  return () => clearInterval(timer);
}

async function serverOf(listener: RequestListener, { tls, lookEvery = certificateLook }: ListenOptions) {
  if (!tls) return { server: createServer(limits, listener) as Server, stop: () => undefined };
  const server = createTlsServer({ ...limits, ...(await tlsOptions(tls)) }, listener);
  return { server, stop: renewing(server, tls, lookEvery) };
}

/** Listens. Throws when the port is taken, or the certificate or its key cannot be used. */
export async function listen(listener: RequestListener, options: ListenOptions): Promise<Listening> {
  const { server, stop } = await serverOf(listener, options);
  server.setTimeout(idleTimeout);
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close({ drainSeconds }) {
      stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000);
      await closed;
      clearTimeout(timer);
    },
  };
}
