// https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { guardedFetch, isInside } from '../../../src/auth/guarded-fetch.ts';

let server: Server | undefined;

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    '2002:7f00:1::',
    '64:ff9b::a00:1',
    'ff02::1',
    'not an address',
  ])('%s is inside', (address) => expect(isInside(address)).toBe(true));

  it.each(['8.8.8.8', '172.32.0.1', '192.0.3.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s is not',
    (address) => expect(isInside(address)).toBe(false),
  );
});

describe('a key set', () => {
  const trusted = (url: string) => guardedFetch([new URL(url).host])(url);

  it('of a trusted host is fetched, inside and without TLS', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(200, { 'cache-control': 'max-age=7' }).end('{"keys":[]}'),
    );
    const response = await trusted(url);
    expect(await response.json()).toEqual({ keys: [] });
    expect(response.headers.get('cache-control')).toBe('max-age=7');
  });

  it.each([
    'http://example.org/jwks',
    'https://127.0.0.1/jwks',
    'https://[::1]/jwks',
    'https://0x7f000001/jwks',
    'https://2130706433/jwks',
    'https://localhost/jwks',
  ])('at %s is not fetched', async (url) => {
    await expect(guardedFetch()(url)).rejects.toThrow(/not https|inside/);
  });

  it('is not looked for where a redirect points', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect((await trusted(url)).status).toBe(302);
  });

  it('of a megabyte is not read', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1_000_000)));
    await expect(trusted(url)).rejects.toThrow('more than');
  });

  it('that does not come is not waited for', async () => {
    const url = await serve(() => undefined);
    await expect(trusted(url)).rejects.toThrow(/abort|timeout/i);
  });
});
