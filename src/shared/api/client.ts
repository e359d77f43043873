/** A registered application or system, as administrators send and see it. Names are those of RFC 7591 where it has them. */
import { z } from 'zod';

const uri = z.string().min(1).max(2000);
const key = z.record(z.string(), z.unknown());
const jwks = z.strictObject({ keys: z.array(key).min(1).max(100) });

const authMethod = z.enum([
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]);
const signingAlgorithm = z.enum(['RS384', 'ES384', 'RS256', 'ES256', 'PS256', 'PS384']);
const kind = z
  .enum(['public', 'confidential', 'backend'])
  .describe('public keeps no secret; confidential has a secret or a key; backend has a key and no person behind it.');
const scope = z.string().max(8192).describe('The most that it may be granted, for instance `launch openid user/*.rs`.');

const members = {
  jwks: jwks.describe('Its public keys; or their URL.'),
  jwks_uri: uri,
  redirect_uris: z.array(uri).max(50),
  post_logout_redirect_uris: z.array(uri).max(50),
  launch_url: uri,
  token_endpoint_auth_method: authMethod,
  token_endpoint_auth_signing_alg: signingAlgorithm,
  tls_client_auth_subject_dn: z.string().min(1).max(1000),
  tls_client_auth_san_dns: z.string().min(1).max(255),
  tls_client_auth_san_uri: uri,
  tls_client_auth_san_ip: z.string().min(1).max(64),
  tls_client_auth_san_email: z.string().min(1).max(320),
  dpop_bound_access_tokens: z.boolean().describe('Its tokens are bound to a key of its own (RFC 9449).'),
  tls_client_certificate_bound_access_tokens: z
    .boolean()
    .describe('Its tokens are bound to its certificate (RFC 8705).'),
  require_pushed_authorization_requests: z.boolean().describe('RFC 9126.'),
  fapi: z.boolean().describe('Held to the FAPI 2.0 Security Profile.'),
};

const name = z.string().trim().min(1).max(200);

export const clientRequestShape = z.strictObject({ name, kind, scope, ...z.object(members).partial().shape });

const nullable = <T extends z.ZodType>(shape: T) => shape.nullish();

/** What is absent stays as it is; null takes it away. */
export const clientChangeShape = z.strictObject({
  name: name.optional(),
  kind: kind.optional(),
  scope: scope.optional(),
  jwks: nullable(members.jwks),
  jwks_uri: nullable(members.jwks_uri),
  redirect_uris: members.redirect_uris.optional(),
  post_logout_redirect_uris: members.post_logout_redirect_uris.optional(),
  launch_url: nullable(members.launch_url),
  token_endpoint_auth_method: nullable(members.token_endpoint_auth_method),
  token_endpoint_auth_signing_alg: nullable(members.token_endpoint_auth_signing_alg),
  tls_client_auth_subject_dn: nullable(members.tls_client_auth_subject_dn),
  tls_client_auth_san_dns: nullable(members.tls_client_auth_san_dns),
  tls_client_auth_san_uri: nullable(members.tls_client_auth_san_uri),
  tls_client_auth_san_ip: nullable(members.tls_client_auth_san_ip),
  tls_client_auth_san_email: nullable(members.tls_client_auth_san_email),
  dpop_bound_access_tokens: members.dpop_bound_access_tokens.optional(),
  tls_client_certificate_bound_access_tokens: members.tls_client_certificate_bound_access_tokens.optional(),
  require_pushed_authorization_requests: members.require_pushed_authorization_requests.optional(),
  fapi: members.fapi.optional(),
});

export const clientShape = z.strictObject({
  client_id: z.string(),
  name: z.string(),
  kind,
  state: z
    .enum(['active', 'waiting', 'disabled'])
    .describe('waiting: it registered itself, and an administrator has to approve it.'),
  scope: z.string(),
  ...z.object(members).partial().shape,
  token_endpoint_auth_method: authMethod,
  jwks_problem: z.string().optional().describe('Why the keys at its URL could not be had at the last try.'),
  has_secret: z.boolean(),
  registered_itself: z.boolean(),
  about: z.record(z.string(), z.unknown()).describe('What it says of itself: client_uri, contacts, ...'),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

export const clientCreatedShape = z.strictObject({
  client_id: z.string(),
  client_secret: z.string().optional().describe('Shown now and never again.'),
});

export const clientChangedShape = clientShape.extend({
  client_secret: z.string().optional().describe('A secret that became necessary; shown now and never again.'),
});

export const clientQueryShape = z.strictObject({
  _count: z.coerce.number().int().min(1).max(500).default(100),
  after: z.string().max(64).optional().describe('The client_id after which the page begins.'),
});

export type ClientRequest = z.infer<typeof clientRequestShape>;
export type ClientChange = z.infer<typeof clientChangeShape>;
export type ClientQuery = z.infer<typeof clientQueryShape>;
