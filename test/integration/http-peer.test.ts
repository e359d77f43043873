/**
 * Who is at the other end: TLS of our own, and what a proxy may say for somebody else.
 * https://www.rfc-editor.org/rfc/rfc9325, https://www.rfc-editor.org/rfc/rfc9440
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RequestListener, request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../src/http/listen.ts';
import { type Peer, type ProxySettings, peerNoter, peerOf } from '../../src/http/peer.ts';
import { type Authority, authority, type Certificate, selfSigned } from '../support/certificates.ts';

/** Answers who the peer is, and which of the headers about it are still there. */
function telling(proxies: ProxySettings): RequestListener {
  const note = peerNoter(proxies);
  return (request, response) => {
    note(request);
    response.end(JSON.stringify({ ...peerOf(request), header: request.headers['client-cert'] }));
  };
}

type Told = Peer & { readonly header?: string };

async function ask(options: RequestOptions, isTls: boolean): Promise<Told> {
  const request = (isTls ? requestHttps : requestHttp)(options);
  request.end();
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return JSON.parse(text) as Told;
}

const der = (pem: string) => pem.replace(/-----[A-Z ]+-----|\s/g, '');
const open: Listening[] = [];
const host = '127.0.0.1';

async function serve(proxies: ProxySettings, tls?: object): Promise<number> {
  const listening = await listen(telling(proxies), { host, port: 0, ...tls });
  open.push(listening);
  return listening.port;
}

const noProxy: ProxySettings = { trusted: [], certificateHeader: 'client-cert' };

let folder = '';
let signer: Authority;
let stranger: Certificate;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livedoc-tls-'));
  [signer, stranger] = await Promise.all([authority(), selfSigned('CN=stranger')]);
});
afterAll(async () => {
  for (const one of open) await one.close({ drainSeconds: 0 });
  await rm(folder, { recursive: true });
});

async function files(name: string): Promise<{ cert: string; key: string; clientAuthorities: string }> {
  const own = await signer.issue(`CN=${name}`, [name]);
  const paths = {
    cert: join(folder, `${name}.pem`),
    key: join(folder, `${name}.key`),
    clientAuthorities: join(folder, 'ca.pem'),
  };
  await writeFile(paths.cert, own.cert);
  await writeFile(paths.key, own.key);
  await writeFile(paths.clientAuthorities, signer.cert);
  return paths;
}

function handshake(port: number, version: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const socket = connect({
      host,
      port,
      servername: 'localhost',
      minVersion: version,
      maxVersion: version,
      ca: signer.cert,
      ciphers,
    });
    socket.setTimeout(5000, () => resolve('timeout'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('secureConnect', () => {
      resolve(socket.getProtocol() ?? '');
      socket.destroy();
    });
  });
}

describe('TLS of our own', () => {
  let port = 0;
  beforeAll(async () => {
    port = await serve(noProxy, { tls: await files('localhost') });
  });
  const asked = (certificate?: Certificate) =>
    ask({ host, port, servername: 'localhost', ca: signer.cert, agent: false, ...certificate }, true);

  it('smart_tls, standalone_auth_tls, ehr_auth_tls, token_tls, token_tls_version: takes TLS 1.2 and 1.3, and nothing older', async () => {
    const answers = await Promise.all(
      (['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const).map((version) => handshake(port, version)),
    );
    expect(answers).toEqual([
      expect.stringMatching(/ERR|ECONN/),
      expect.stringMatching(/ERR|ECONN/),
      'TLSv1.2',
      'TLSv1.3',
    ]);
  });

  it('asks nobody for a certificate, and knows by whom one is signed', async () => {
    expect(await asked()).toEqual({ address: host });
    const known = await signer.issue('CN=ehr');
    expect((await asked(known)).certificate).toMatchObject({ isAuthorized: true });
    expect((await asked(stranger)).certificate).toMatchObject({ isAuthorized: false });
    expect(der((await asked(stranger)).certificate?.pem ?? '')).toBe(der(stranger.cert));
  });

  it('believes no header of who comes by itself', async () => {
    const headers = { 'client-cert': `:${der(stranger.cert)}:`, 'x-forwarded-for': '203.0.113.9' };
    const told = await ask({ host, port, servername: 'localhost', ca: signer.cert, agent: false, headers }, true);
    expect(told).toEqual({ address: host });
  });

  it('takes up a renewed certificate without a restart', async () => {
    const paths = await files('renewed');
    const renewed = await serve(noProxy, { tls: paths, lookEvery: 20 });
    const again = await signer.issue('CN=second', ['renewed']);
    await sleep(20);
    await writeFile(paths.key, again.key);
    await writeFile(paths.cert, again.cert);
    const subject = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host, port: renewed, servername: 'renewed', ca: signer.cert }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.on('error', reject);
      });
    await expect.poll(subject, { timeout: 5000 }).toBe('second');
  });

  it('does not start with a certificate that is none', async () => {
    const paths = await files('broken');
    await writeFile(paths.cert, 'nothing');
    await expect(listen(telling(noProxy), { host, port: 0, tls: paths })).rejects.toThrow();
  });
});

describe('behind a proxy', () => {
  const headers = () => ({ 'client-cert': `:${der(stranger.cert)}:`, 'x-forwarded-for': '203.0.113.9, 10.0.0.7' });

  it('believes the trusted ones, up to the first address that is not theirs', async () => {
    const port = await serve({ trusted: ['loopback', '10.0.0.0/8'], certificateHeader: 'client-cert' });
    const told = await ask({ host, port, agent: false, headers: headers() }, false);
    expect(told.address).toBe('203.0.113.9');
    expect(der(told.certificate?.pem ?? '')).toBe(der(stranger.cert));
    expect(told.header).toBeUndefined();
    const shorter = await serve({ trusted: ['loopback'], certificateHeader: 'client-cert' });
    expect((await ask({ host, port: shorter, agent: false, headers: headers() }, false)).address).toBe('10.0.0.7');
  });

  it('believes nobody when nobody is trusted', async () => {
    const port = await serve(noProxy);
    expect(await ask({ host, port, agent: false, headers: headers() }, false)).toEqual({ address: host });
  });

  it('reads the certificate as nginx writes it, and takes a broken one for none', async () => {
    const port = await serve({ trusted: ['loopback'], certificateHeader: 'ssl-client-cert' });
    const asked = (header: string) => ask({ host, port, agent: false, headers: { 'ssl-client-cert': header } }, false);
    expect(der((await asked(encodeURIComponent(stranger.cert))).certificate?.pem ?? '')).toBe(der(stranger.cert));
    for (const broken of [':AAAA:', '%', 'x', `:${'A'.repeat(20_000)}:`]) {
      expect((await asked(broken)).certificate).toBeUndefined();
    }
  });
});
