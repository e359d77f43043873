/** A hospital's backend service: its key pair, its registration by the command line, its tokens by private_key_jwt. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { livedoc } from './live-server.ts';

/** Registers a client with the given scope and gives a function that fetches a fresh access token for it. */
export async function backendClient(
  server: { readonly origin: string; readonly env: Readonly<Record<string, string>> },
  scope: string,
): Promise<() => Promise<string>> {
  const { publicKey, privateKey } = await generateKeyPair('ES384');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384', use: 'sig' };
  const folder = await mkdtemp(join(tmpdir(), 'livedoc-jwks-'));
  const file = join(folder, 'jwks.json');
  await writeFile(file, JSON.stringify({ keys: [jwk] }));
  const printed = await livedoc(
    server.env,
    'client',
    'add',
    '--name',
    'backend',
    '--jwks',
    file,
    '--scope',
    scope,
    '--json',
  );
  await rm(folder, { recursive: true });
  const { client_id: clientId } = JSON.parse(printed) as { client_id: string };
  return async () => {
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES384', kid: 'k1', typ: 'JWT' })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(`${server.origin}/oidc/token`)
      .setJti(crypto.randomUUID())
      .setExpirationTime('4m')
      .sign(privateKey);
    const response = await fetch(`${server.origin}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    const body = (await response.json()) as { access_token?: string };
    if (!body.access_token) throw new Error(`No token: ${response.status} ${JSON.stringify(body)}`);
    return body.access_token;
  };
}
