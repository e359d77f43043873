/**
 * Fetches the key sets of clients without letting a client make this server knock at doors inside the hospital: https
 * only, public addresses only (judged when connecting, so that DNS cannot change its mind in between), no redirects,
 * little time, small answers. https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
 */
import { type LookupAddress, lookup } from 'node:dns';
import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Special-purpose addresses. https://www.iana.org/assignments/iana-ipv4-special-registry/, .../iana-ipv6-special-registry/ */
const inside4 = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  inside4.addSubnet(address, prefix, 'ipv4');
}
// Apart, because Node compares IPv4 addresses with IPv6 ranges in their mapped form. All of IPv6 but global unicast, and of that what wraps an IPv4 address (6to4, Teredo) or documents.
const inside6 = new BlockList();
for (const [address, prefix] of [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const) {
  inside6.addSubnet(address, prefix, 'ipv6');
}

/** A server of ours waits for the answer, and nobody sends larger ones. */
const usual = { milliseconds: 2500, maximumBytes: 256 * 1024 } as const;

export interface FetchLimits {
  readonly milliseconds?: number;
  readonly maximumBytes?: number;
}

/** Whether no request of a client's making may go to this address. */
export function isInside(address: string): boolean {
  const family = isIP(address);
  return family === 0 || (family === 4 ? inside4.check(address, 'ipv4') : inside6.check(address, 'ipv6'));
}

/** Resolves a name as the system does, and fails when any of its addresses is inside. */
const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const forbidden = addresses?.find(({ address }) => isInside(address));
    const failure = error ?? (forbidden ? new Error(`${hostname} is at ${forbidden.address}, inside`) : null);
    const first = addresses?.[0];
    if (failure || !first) return done(failure ?? new Error(`${hostname} has no address`), '', 0);
    return options.all ? done(null, addresses) : done(null, first.address, first.family);
  });
};

function optionsFor(url: URL, init: RequestInit, isTrusted: boolean, milliseconds: number): RequestOptions {
  if (!isTrusted) {
    const literal = url.hostname.replace(/^\[|\]$/g, '');
    if (url.protocol !== 'https:') throw new TypeError(`${url.href} is not https`);
    if (isIP(literal) && isInside(literal)) throw new TypeError(`${url.href} is inside`);
  }
  return {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init.headers)),
    signal: AbortSignal.timeout(milliseconds),
    agent: false,
    ...(isTrusted ? {} : { lookup: publicLookup }),
  };
}

async function bodyOf(message: IncomingMessage, maximumBytes: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) throw new RangeError(`answer of more than ${maximumBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Statuses whose answers have no body by definition; `Response` insists. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

async function answer(message: IncomingMessage, maximumBytes: number): Promise<Response> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) if (typeof value === 'string') headers.set(name, value);
  const body = await bodyOf(message, maximumBytes);
  const status = message.statusCode ?? 500;
  return new Response(bodiless.has(status) ? null : body, { status, headers });
}

/** The forms and documents that we send; other bodies are not made here. */
function textOf(body: RequestInit['body']): string | undefined {
  return typeof body === 'string' ? body : body instanceof URLSearchParams ? body.toString() : undefined;
}

/**
 * A `fetch` with these limits. `trustedHosts` (host, or host:port) are names that the installation vouches for: they may be
 * inside and without TLS. Redirects are handed back, never followed.
 */
export function guardedFetch(
  trustedHosts: readonly string[] = [],
  limits: FetchLimits = {},
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const { milliseconds, maximumBytes } = { ...usual, ...limits };
  return (target, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(target);
      const isTrusted = trustedHosts.includes(url.host) || trustedHosts.includes(url.hostname);
      const send = url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = send(url, optionsFor(url, init, isTrusted, milliseconds), (message) => {
        answer(message, maximumBytes).then(resolve, reject);
      });
      request.on('error', reject);
      request.end(textOf(init.body));
    });
}
