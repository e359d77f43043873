/**
 * Who is at the other end of a request: address and TLS certificate, by its own connection or as a trusted proxy tells.
 * https://www.rfc-editor.org/rfc/rfc9440 for the certificate's header; X-Forwarded-For for the address
 */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import proxyAddr from 'proxy-addr';

interface ClientCertificate {
  /** PEM, one certificate. */
  readonly pem: string;
  /** Whether an authority that this server (or its proxy) trusts for clients has signed it. */
  readonly isAuthorized: boolean;
}

export interface Peer {
  /** The client's network address. */
  readonly address: string | undefined;
  readonly certificate: ClientCertificate | undefined;
}

export interface ProxySettings {
  /** Addresses, ranges (CIDR), or `loopback`, `linklocal`, `uniquelocal`: whose headers are believed. */
  readonly trusted: readonly string[];
  /** Lower-case name of the header in which they hand on a client's certificate. */
  readonly certificateHeader: string;
}

/** What Express takes as `trust proxy` too: whether the machine at this address is believed. */
export type Trust = (address: string, hops: number) => boolean;

/** Throws TypeError for what is neither an address nor a range. */
export function trustOf(trusted: readonly string[]): Trust {
  return proxyAddr.compile([...trusted]);
}

const longestCertificate = 16_384;

/** A certificate as proxies write it: `:base64 of DER:` (RFC 9440), or PEM in which everything special is %-encoded (nginx). */
function parsed(header: string): X509Certificate | undefined {
  if (header.length > longestCertificate) return undefined;
  try {
    const bytes = /^:([A-Za-z0-9+/=]+):$/.exec(header.trim())?.[1];
    return new X509Certificate(bytes === undefined ? decodeURIComponent(header) : Buffer.from(bytes, 'base64'));
  } catch {
    return undefined;
  }
}

function ofConnection({ socket }: IncomingMessage): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate && { pem: certificate.toString(), isAuthorized: socket.authorized };
}

/** A trusted proxy has checked the certificate against its authorities before it hands it on. */
function ofProxy({ headers }: IncomingMessage, name: string): ClientCertificate | undefined {
  const header = headers[name];
  const certificate = typeof header === 'string' ? parsed(header) : undefined;
  return certificate && { pem: certificate.toString(), isAuthorized: true };
}

const peerKey = Symbol('peer');
type Noted = IncomingMessage & { [peerKey]?: Peer };

/**
 * Notes on each request who its peer is, for `peerOf`. Headers of who is not trusted are never believed, so they are taken
 * off where something behind might.
 */
export function peerNoter({ trusted, certificateHeader }: ProxySettings): (request: IncomingMessage) => void {
  const trust = trustOf(trusted);
  return (request: Noted) => {
    const { headers, socket } = request;
    const direct = socket.remoteAddress;
    const isProxy = direct !== undefined && trusted.length > 0 && trust(direct, 0);
    const address = isProxy ? proxyAddr(request, trust) : direct;
    const certificate = isProxy ? ofProxy(request, certificateHeader) : ofConnection(request);
    delete headers[certificateHeader];
    request[peerKey] = { address, certificate };
  };
}

/** The peer that was noted; of a request that passed no noter, its own connection. */
export function peerOf(request: IncomingMessage): Peer {
  return (request as Noted)[peerKey] ?? { address: request.socket.remoteAddress, certificate: ofConnection(request) };
}
