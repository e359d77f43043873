// SMART discovery, user-access brands and CORS. Titles begin with the test kits' ids.
// http://hl7.org/fhir/smart-app-launch/conformance.html, .../brands.html
import type { Bundle, Endpoint, Organization } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { createValidation } from '../../../src/fhir/validation/validator.ts';
import { redirectUri as nativeUri } from '../../support/smart-client.ts';
import { withSmartServer } from '../../support/smart-server.ts';

const smart = withSmartServer({
  LIVEDOC_ORGANIZATION_NAME: 'Hôpital du Test',
  LIVEDOC_ORGANIZATION_URL: 'https://www.hopital.example/accueil',
  LIVEDOC_ORGANIZATION_LOGO: 'https://www.hopital.example/logo.svg',
});
const wellKnown = '/.well-known/smart-configuration';
const anywhere = { origin: 'https://anywhere.example' };
type Document = Readonly<Record<string, unknown>>;

const configuration = async (): Promise<Document> =>
  (await smart.server.request(wellKnown)).json() as Promise<Document>;

describe('discovery', () => {
  it('well_known_endpoint: is JSON, whatever is accepted, without a token', async () => {
    for (const accept of ['application/json', 'text/html', 'application/fhir+xml', '*/*']) {
      const response = await smart.server.request(wellKnown, undefined, { headers: { accept } });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  it('well_known_capabilities_stu2: has the required fields of the required kinds', async () => {
    const body = await configuration();
    for (const name of ['authorization_endpoint', 'token_endpoint', 'issuer', 'jwks_uri']) {
      expect(body[name], name).toEqual(expect.any(String));
    }
    expect(body['capabilities']).toEqual(expect.arrayContaining(['sso-openid-connect']));
    expect(body['grant_types_supported']).toContain('authorization_code');
    expect(body['code_challenge_methods_supported']).toEqual(['S256']);
  });

  const both = [
    'client-confidential-symmetric',
    'client-confidential-asymmetric',
    'sso-openid-connect',
    'permission-offline',
    'authorize-post',
    'permission-v1',
    'permission-v2',
  ];
  it.each([
    ['standalone', ['launch-standalone', 'client-public', 'context-standalone-patient', 'permission-patient', ...both]],
    [
      'EHR practitioner',
      [
        'launch-ehr',
        'context-banner',
        'context-style',
        'context-ehr-patient',
        'context-ehr-encounter',
        'permission-user',
        ...both,
      ],
    ],
  ])('g10_smart_well_known_capabilities, %s: has what that launch needs', async (_launch, needed) => {
    expect((await configuration())['capabilities']).toEqual(expect.arrayContaining(needed));
  });

  it('requirement 378: all its URLs are absolute', async () => {
    const body = await configuration();
    const urls = Object.entries(body).filter(([name]) => /(_endpoint|_uri|_bundle|^issuer)$/.test(name));
    expect(urls.length).toBeGreaterThan(5);
    for (const [name, url] of urls) expect(URL.parse(String(url))?.protocol, name).toMatch(/^https?:$/);
  });

  it('requirements 285-289: says how asymmetric clients prove themselves', async () => {
    const body = await configuration();
    expect(body['capabilities']).toContain('client-confidential-asymmetric');
    expect(body['token_endpoint_auth_methods_supported']).toContain('private_key_jwt');
    expect(body['token_endpoint_auth_signing_alg_values_supported']).toEqual(
      expect.arrayContaining(['RS384', 'ES384']),
    );
  });

  it('g10 550: names the introspection endpoint', async () => {
    expect((await configuration())['introspection_endpoint']).toBe(`${smart.server.origin}/oidc/token/introspection`);
  });

  it('claims an OpenID provider that says the same of itself', async () => {
    const smartSays = await configuration();
    const openid = (await (await smart.server.request('/~/oidc/.well-known/openid-configuration')).json()) as Document;
    for (const name of ['issuer', 'jwks_uri', 'authorization_endpoint', 'token_endpoint']) {
      expect(openid[name], name).toBe(smartSays[name]);
    }
    expect(openid['authorization_response_iss_parameter_supported']).toBe(true);
  });
});

describe('user-access brands', () => {
  let bundle: Bundle;
  let response: Response;
  const all = <T>(type: string) =>
    (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as T] : []));

  beforeAll(async () => {
    const { user_access_brand_bundle: url } = await configuration();
    response = await fetch(String(url), { headers: anywhere });
    bundle = (await response.json()) as Bundle;
  });

  it('smart_access_brands_retrieve_bundle: is public and may be read from anywhere', () => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/fhir\+json/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('smart_access_brands_valid_bundle: is a collection with a timestamp, of the profile, and valid R4', () => {
    expect(bundle.type).toBe('collection');
    expect(Date.parse(bundle.timestamp ?? '')).toBeLessThanOrEqual(Date.now());
    expect(bundle.meta?.profile).toEqual([
      'http://hl7.org/fhir/smart-app-launch/StructureDefinition/user-access-brands-bundle',
    ]);
    const { validate } = createValidation({ profilesFolder: 'fhir-profiles' });
    for (const { resource } of bundle.entry ?? []) {
      const issues = validate(resource as never);
      expect(issues.filter(({ severity }) => severity === 'error' || severity === 'fatal')).toEqual([]);
    }
  });

  it('smart_access_brands_valid_endpoints: each endpoint is an organization’s', () => {
    const references = all<Organization>('Organization').flatMap(({ endpoint = [] }) =>
      endpoint.map((each) => each.reference),
    );
    const endpoints = all<Endpoint>('Endpoint');
    expect(endpoints).toHaveLength(1);
    for (const { id } of endpoints) expect(references).toContain(`Endpoint/${id}`);
  });

  it('smart_access_brands_valid_endpoint_urls: metadata below each address is a CapabilityStatement', async () => {
    for (const { address } of all<Endpoint>('Endpoint')) {
      const metadata = await fetch(`${address}/metadata`);
      expect([metadata.status, ((await metadata.json()) as Document)['resourceType']]).toEqual([
        200,
        'CapabilityStatement',
      ]);
    }
  });

  it('smart_access_brands_valid_brands: each organization and its portal name endpoints of the bundle', () => {
    const known = all<Endpoint>('Endpoint').map(({ id }) => `Endpoint/${id}`);
    for (const brand of all<Organization>('Organization')) {
      const portal = brand.extension?.find(({ url }) => url.endsWith('/organization-portal'));
      const ofPortal = portal?.extension?.find(({ url }) => url === 'portalEndpoint')?.valueReference?.reference;
      expect(known).toContain(ofPortal);
      for (const { reference } of brand.endpoint ?? []) expect(known).toContain(reference);
    }
  });

  it('requirements 395, 410-412: the identifier is the website without www and path, and of one brand', async () => {
    const { user_access_brand_identifier: identifier } = await configuration();
    expect(identifier).toEqual({ system: 'urn:ietf:rfc:3986', value: 'https://hopital.example' });
    const brands = all<Organization>('Organization');
    const same = brands.filter((each) => each.identifier?.some(({ value }) => value === 'https://hopital.example'));
    expect(same).toHaveLength(1);
    expect(same[0]).toMatchObject({ name: 'Hôpital du Test', telecom: [{ system: 'url' }] });
    expect(JSON.stringify(same[0])).toContain('https://www.hopital.example/logo.svg');
  });

  it('requirements 401 and 413: has a weak tag, by which it is not sent twice', async () => {
    const tag = response.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"/);
    const again = await fetch(response.url, { headers: { 'if-none-match': tag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect((await fetch(response.url, { headers: { 'if-none-match': 'W/"other"' } })).status).toBe(200);
    const preflight = await fetch(response.url, {
      method: 'OPTIONS',
      headers: {
        ...anywhere,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'if-none-match',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('if-none-match');
  });
});

describe('cross-origin requests', () => {
  const app = 'https://app.example';
  let clientId: string;
  let token: string;
  const allowed = (response: Response) => response.headers.get('access-control-allow-origin');

  beforeAll(async () => {
    const registration = { name: 'App', kind: 'public', redirectUris: [`${app}/callback`, nativeUri] } as const;
    ({ clientId } = await smart.server.register({ ...registration, scope: 'openid user/*.rs' }));
    token = await smart.server.token({ clientId, scope: 'user/*.rs' });
  });

  it.each([
    '/.well-known/smart-configuration',
    '/metadata',
    '/~/oidc/jwks',
    '/~/oidc/.well-known/openid-configuration',
  ])('smart_cors_well_known_endpoint, smart_cors_metadata_request: %s may be read from anywhere', async (path) => {
    const response = await smart.server.request(path, undefined, { headers: anywhere });
    expect(response.status).toBe(200);
    expect(['*', anywhere.origin]).toContain(allowed(response));
  });

  it('requirement 17: FHIR may be read from a registered origin, by a preflight too', async () => {
    const response = await smart.server.request('/Patient/awa', token, { headers: { origin: app } });
    expect([response.status, allowed(response)]).toEqual([200, app]);
    expect(response.headers.get('vary')).toContain('Origin');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    const preflight = await smart.server.request('/Patient/awa', undefined, {
      method: 'OPTIONS',
      headers: {
        origin: app,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([preflight.status, allowed(preflight)]).toEqual([204, app]);
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
  });

  it('an error may be read from a registered origin as well', async () => {
    const response = await smart.server.request('/Patient/awa', 'invented', { headers: { origin: app } });
    expect([response.status, allowed(response)]).toEqual([401, app]);
  });

  it.each(['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null'])(
    'FHIR may not be read from %s',
    async (origin) => {
      const response = await smart.server.request('/Patient/awa', token, { headers: { origin } });
      expect(allowed(response)).toBeNull();
      const preflight = await smart.server.request('/Patient/awa', undefined, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET' },
      });
      expect(allowed(preflight)).toBeNull();
    },
  );

  it('smart_cors_token_exchange: the token endpoint may be asked from the registered origin and no other', async () => {
    const ask = (origin: string, path = '/~/oidc/token') =>
      smart.server.request(path, undefined, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({ grant_type: 'authorization_code', client_id: clientId, code: 'x', token: 'x' }),
      });
    expect(allowed(await ask(app))).toBe(app);
    expect(allowed(await ask('https://evil.example'))).toBeNull();
    expect(allowed(await ask(app, '/~/oidc/token/introspection'))).toBeNull();
  });

  it('an origin counts from when its client is registered until the client is removed', async () => {
    const origin = 'https://new.example';
    const read = async () => allowed(await smart.server.request('/Patient/awa', token, { headers: { origin } }));
    expect(await read()).toBeNull();
    const registration = { name: 'New', kind: 'public', redirectUris: [`${origin}/callback`] } as const;
    const { clientId: added } = await smart.server.register({ ...registration, scope: 'openid user/*.rs' });
    await expect.poll(read, { timeout: 1000, interval: 20 }).toBe(origin);
    await smart.server.parts.store.db.query({
      text: 'update oauth_client set disabled_at = now() where client_id = $1',
      values: [added],
    });
    await expect.poll(read, { timeout: 1000, interval: 20 }).toBeNull();
  });
});
