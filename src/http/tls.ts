/**
 * TLS as SMART and the certification rules want it: 1.2 or newer, certificates of clients welcome and never demanded.
 * https://www.rfc-editor.org/rfc/rfc9325
 */
import { readFile } from 'node:fs/promises';
import type { SecureVersion, TlsOptions } from 'node:tls';

/** Files, all PEM. */
export interface TlsFiles {
  /** The server's certificate and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
  /** Authorities that sign certificates of clients; without it a client's own certificate is as good as its key. */
  readonly clientAuthorities?: string | undefined;
}

const oldest: SecureVersion = 'TLSv1.2';

/** Reads the files. Throws when one cannot be read. */
export async function tlsOptions({ cert, key, clientAuthorities }: TlsFiles): Promise<TlsOptions> {
  const [certificate, privateKey, ca] = await Promise.all([
    readFile(cert),
    readFile(key),
    clientAuthorities === undefined ? undefined : readFile(clientAuthorities),
  ]);
  return {
    cert: certificate,
    key: privateKey,
    minVersion: oldest,
    // A client's certificate is judged where it matters: when its tokens are bound to it.
    requestCert: true,
    rejectUnauthorized: false,
    // Without it Node's list of public authorities would vouch for clients.
    ca: ca ?? [],
  };
}
