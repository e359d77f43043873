/** A hospital identity provider, as an administrator gives it to the LIVEDOC API or `livedoc idp add`, and as it is shown. */
import { z } from 'zod';

const word = z.string().trim().min(1).max(200);
const words = z.array(word).max(50);
const role = z.enum(['MEDECIN', 'PERSONNEL', 'ADMINISTRATEUR']);

const claim = z
  .union([word, z.array(word).min(1).max(8)])
  .describe('Name of a claim; `realm_access.roles` or ["realm_access", "roles"] for one inside another.');

const namesShape = z.strictObject({ fr: word, en: word }).describe('What the button says.');

const claimsShape = z.strictObject({
  email: claim.optional(),
  email_verified: claim.optional(),
  family_name: claim.optional(),
  given_name: claim.optional(),
  rpps: claim.optional().describe('11 digits.'),
  adeli: claim.optional().describe('9 digits.'),
  national_id: claim
    .optional()
    .describe('The national identifier of health professionals: 8 and the RPPS, or 0 and the ADELI number.'),
});

const rolesShape = z.strictObject({
  claim,
  values: z
    .array(z.strictObject({ value: word, role }))
    .max(200)
    .describe('The claim has the value: the person has the role.'),
  when_several: z
    .enum(['refuse', 'first'])
    .optional()
    .describe('The values give several roles: refuse the sign-in (the default), or take the first of `values`.'),
  otherwise: role.optional().describe('The role of whom no value gives one; without it they are refused.'),
});

const accountsShape = z.strictObject({
  create: z
    .boolean()
    .optional()
    .describe('Whether whoever comes with a role is given an account at the first sign-in.'),
  link_by_email: z
    .boolean()
    .optional()
    .describe(
      'Whether an account is linked at the first sign-in to the person who has its address, verified, at the provider.',
    ),
  emails_are_verified: z
    .boolean()
    .optional()
    .describe(
      'The provider sends no `email_verified`, but only the hospital decides which address a person has there.',
    ),
});

const allowedShape = z.strictObject({
  email_domains: words.optional().describe('With any of these, verified; without a list, all.'),
  claims: z
    .record(word, words.min(1))
    .optional()
    .describe('Claims that must have one of the values, for instance {"tid": ["..."]} or {"hd": ["hopital.fr"]}.'),
});

const secondFactorShape = z
  .strictObject({ acr: words.optional(), amr: words.optional() })
  .describe('What the provider says when it has checked two factors; with any of these we ask for none of our own.');

const logoutShape = z.strictObject({
  upstream: z.boolean().optional().describe('Whether signing out here signs out there.'),
});

export const identityProviderRequestShape = z.strictObject({
  preset: z.enum(['keycloak', 'entra', 'pro-sante-connect']).optional().describe('What it gives may be left out.'),
  name: namesShape.optional(),
  issuer: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
  discovery_url: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
  client_id: word,
  client_auth: z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).optional(),
  client_secret: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('Kept sealed, never shown; without it, the one that is there stays.'),
  new_key: z.boolean().optional().describe('Of private_key_jwt: sign with a new key from now on.'),
  scope: z.string().trim().min(1).max(500).optional(),
  acr_values: word.optional(),
  required_acr: words.optional().describe('The sign-in is refused unless `acr` is one of these.'),
  prompt: word.optional(),
  authorization_parameters: z.record(word, word).optional(),
  pushed_requests: z
    .boolean()
    .optional()
    .describe('Push authorization requests to a provider that takes them (the default).'),
  userinfo: z.boolean().optional().describe('Whether claims are in the userinfo answer only.'),
  userinfo_signed_alg: word.optional().describe('The userinfo answer is a JWT, signed so.'),
  claims: claimsShape.optional(),
  roles: rolesShape.optional(),
  accounts: accountsShape.optional(),
  allowed: allowedShape.optional(),
  second_factor: secondFactorShape.optional(),
  logout: logoutShape.optional(),
  enabled: z.boolean().optional(),
});

export const identityProviderShape = z.looseObject({
  id: z.string(),
  enabled: z.boolean(),
  issuer: z.string(),
  client_id: z.string(),
  has_secret: z.boolean(),
  redirect_uri: z.string().describe('To be registered with the provider.'),
  post_logout_redirect_uri: z.string(),
  backchannel_logout_uri: z.string(),
  frontchannel_logout_uri: z.string(),
  jwks_uri: z.string(),
});

export const identityProviderTestShape = z.strictObject({
  ok: z.boolean(),
  problems: z.array(z.string()),
  endpoints: z.record(z.string(), z.string()),
});

export type IdentityProviderRequest = z.infer<typeof identityProviderRequestShape>;
export type IdentityProviderTest = z.infer<typeof identityProviderTestShape>;

export const identityLinkRequestShape = z.strictObject({
  email: z.email().max(254).describe('Of the account.'),
  by: z.enum(['subject', 'email', 'rpps', 'adeli']).describe('What the person is known by at the provider.'),
  value: word,
});

export const identityLinkShape = z.strictObject({
  email: z.string(),
  role: z.string(),
  status: z.string(),
  subject: z.string().nullable().describe('Null while the person has not come yet.'),
  expected_by: z.string().nullable(),
  last_used_at: z.iso.datetime().nullable(),
});

export type IdentityLinkRequest = z.infer<typeof identityLinkRequestShape>;
