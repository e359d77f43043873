/** What is known of a hospital identity provider, completed and checked before it is kept. */
import type { IdentityProviderRequest } from '../../shared/api/identity-provider.ts';
import { FhirError } from '../../shared/errors.ts';
import type { UserRole } from '../../store/accounts/users.ts';
import { presets } from './presets.ts';

/** Name of a claim, or the way to one inside others. */
export type ClaimPath = string | readonly string[];

interface RoleSettings {
  readonly claim: ClaimPath;
  readonly values: readonly { readonly value: string; readonly role: UserRole }[];
  readonly when_several: 'refuse' | 'first';
  readonly otherwise?: UserRole | undefined;
}

type ClaimName = 'email' | 'email_verified' | 'family_name' | 'given_name' | 'rpps' | 'adeli' | 'national_id';

/** With the names of the JSON API, so that what is kept is what is shown. */
export interface Settings {
  readonly name: { readonly fr: string; readonly en: string };
  readonly issuer: string;
  readonly discovery_url?: string | undefined;
  readonly client_id: string;
  readonly client_auth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
  readonly scope: string;
  readonly acr_values?: string | undefined;
  readonly required_acr: readonly string[];
  readonly prompt?: string | undefined;
  readonly authorization_parameters: Readonly<Record<string, string>>;
  readonly pushed_requests: boolean;
  readonly userinfo: boolean;
  readonly userinfo_signed_alg?: string | undefined;
  readonly claims: Readonly<Partial<Record<ClaimName, ClaimPath | undefined>>>;
  readonly roles?: RoleSettings | undefined;
  readonly accounts: {
    readonly create: boolean;
    readonly link_by_email: boolean;
    readonly emails_are_verified: boolean;
  };
  readonly allowed: {
    readonly email_domains: readonly string[];
    readonly claims: Readonly<Record<string, readonly string[]>>;
  };
  readonly second_factor: { readonly acr: readonly string[]; readonly amr: readonly string[] };
  readonly logout: { readonly upstream: boolean };
}

const standardClaims = {
  email: 'email',
  email_verified: 'email_verified',
  family_name: 'family_name',
  given_name: 'given_name',
} as const;

/** The parameters of the request that are ours to set. */
const ownParameters: ReadonlySet<string> = new Set([
  'response_type',
  'response_mode',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'acr_values',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'ui_locales',
]);

/** Signatures that are made with a private key: a secret that both have proves nothing, and `none` less. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

function merged<T extends object>(first: T | undefined, second: T | undefined): T {
  const given = Object.entries(second ?? {}).filter(([, value]) => value !== undefined);
  return { ...first, ...Object.fromEntries(given) } as T;
}

function completed(id: string, given: IdentityProviderRequest): Settings {
  const preset = given.preset ? presets[given.preset] : {};
  const { preset: _, client_secret: __, new_key: ___, enabled: ____, ...own } = given;
  const all = merged<Partial<IdentityProviderRequest>>(preset, own);
  const roles = given.roles ?? preset.roles;
  return {
    ...all,
    name: all.name ?? { fr: id, en: id },
    issuer: all.issuer ?? '',
    client_id: given.client_id,
    client_auth: all.client_auth ?? 'client_secret_basic',
    scope: all.scope ?? 'openid profile email',
    required_acr: all.required_acr ?? [],
    authorization_parameters: merged(preset.authorization_parameters, given.authorization_parameters),
    pushed_requests: all.pushed_requests ?? true,
    userinfo: all.userinfo ?? all.userinfo_signed_alg !== undefined,
    claims: { ...standardClaims, ...merged(preset.claims, given.claims) },
    ...(roles ? { roles: { ...roles, when_several: roles.when_several ?? 'refuse' } } : { roles: undefined }),
    accounts: {
      create: false,
      link_by_email: false,
      emails_are_verified: false,
      ...merged(preset.accounts, given.accounts),
    } as Settings['accounts'],
    allowed: { email_domains: [], claims: {}, ...merged(preset.allowed, given.allowed) } as Settings['allowed'],
    second_factor: {
      acr: [],
      amr: [],
      ...merged(preset.second_factor, given.second_factor),
    } as Settings['second_factor'],
    logout: { upstream: true, ...merged(preset.logout, given.logout) } as Settings['logout'],
  };
}

function problemsOf(settings: Settings): readonly string[] {
  const { issuer, scope, roles, accounts, authorization_parameters: parameters, userinfo_signed_alg: alg } = settings;
  const url = URL.parse(issuer);
  const reserved = Object.keys(parameters).filter((name) => ownParameters.has(name));
  return [
    !url && 'issuer is missing.',
    url && `${url.search}${url.hash}${url.username}` !== '' && 'issuer must have no query, fragment or user.',
    !scope.split(' ').includes('openid') && 'scope must have openid.',
    reserved.length > 0 && `authorization_parameters must not have ${reserved.join(', ')}.`,
    accounts.create && !roles && 'accounts.create needs roles: an account must not be made without one.',
    roles && roles.values.length === 0 && !roles.otherwise && 'roles gives nobody a role.',
    alg !== undefined &&
      !signatureAlgorithms.includes(alg) &&
      `userinfo_signed_alg must be one of ${signatureAlgorithms.join(', ')}.`,
  ].filter((problem) => typeof problem === 'string');
}

/** Completes from the preset and the defaults. Throws FhirError `unprocessable` that names every problem. */
export function settingsOf(id: string, given: IdentityProviderRequest): Settings {
  const settings = completed(id, given);
  const problems = problemsOf(settings);
  if (problems.length > 0) throw new FhirError('unprocessable', problems.join(' '));
  return settings;
}
