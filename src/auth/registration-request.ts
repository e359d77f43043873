/**
 * What an application says of itself when it registers, read as one of our registrations.
 * https://www.rfc-editor.org/rfc/rfc7591#section-2
 */
import { isIP } from 'node:net';
import {
  type AuthMethod,
  authMethods,
  clientProblem,
  type NewClient,
  redirectUrisProblem,
  signingAlgorithms,
  tlsSubjectMembers,
} from './client-checks.ts';
import { clientChangesOf } from './client-members.ts';
import { isInside } from './guarded-fetch.ts';
import { allowedScope, otherScopes } from './scopes.ts';

type Body = Readonly<Record<string, unknown>>;

type Code =
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'temporarily_unavailable'
  | 'access_denied';

/** A refusal in the words of RFC 7591, 3.2.2. */
export class RegistrationError extends Error {
  readonly code: Code;
  readonly status: 400 | 401 | 403 | 429;

  constructor(code: Code, description: string, status: RegistrationError['status'] = 400) {
    super(description);
    this.name = 'RegistrationError';
    this.code = code;
    this.status = status;
  }
}

const wrong = (description: string) => new RegistrationError('invalid_client_metadata', description);

const longestText = 2000;

function textOf(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || value.length > longestText) throw wrong(`${name} is no text of usual length.`);
  return value;
}

function listOf(body: Body, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  const isList = Array.isArray(value) && value.length <= 50 && value.every((one) => typeof one === 'string');
  if (!isList)
    throw name === 'redirect_uris'
      ? new RegistrationError('invalid_redirect_uri', 'redirect_uris is no list of texts.')
      : wrong(`${name} is no list of texts.`);
  return value as string[];
}

function flagOf(body: Body, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value !== 'boolean') throw wrong(`${name} is neither true nor false.`);
  return value;
}

function oneOf<const T extends string>(body: Body, name: string, allowed: readonly T[]): T | undefined {
  const value = textOf(body, name);
  const found = allowed.find((one) => one === value);
  if (value !== undefined && found === undefined) throw wrong(`${name} must be one of ${allowed.join(', ')}.`);
  return found;
}

const appGrants: readonly string[] = ['authorization_code', 'refresh_token'];

/** By its grants a client is an app with a person or a backend without one. */
function kindOf(body: Body, method: AuthMethod): NewClient['kind'] {
  const grants = listOf(body, 'grant_types') ?? ['authorization_code'];
  const isBackend = grants.length === 1 && grants[0] === 'client_credentials';
  const responses = listOf(body, 'response_types') ?? (isBackend ? [] : ['code']);
  if (isBackend && responses.length === 0) return 'backend';
  const isApp = grants.includes('authorization_code') && grants.every((grant) => appGrants.includes(grant));
  if (!isApp)
    throw wrong('grant_types is authorization_code with or without refresh_token, or client_credentials alone.');
  if (responses.length !== 1 || responses[0] !== 'code') throw wrong('response_types is code.');
  return method === 'none' ? 'public' : 'confidential';
}

const everything = {
  app: [...otherScopes, 'patient/*.cruds', 'user/*.cruds'].join(' '),
  backend: 'system/*.cruds',
};
const defaultScope = { app: 'openid fhirUser', backend: 'system/*.rs' };

/** The words of what is asked that this server could grant: the answer says which they are, as the standard has it. */
function scopeOf(body: Body, kind: NewClient['kind']): string {
  const who = kind === 'backend' ? 'backend' : 'app';
  const asked = textOf(body, 'scope') ?? defaultScope[who];
  const levels = kind === 'backend' ? (['system'] as const) : (['patient', 'user'] as const);
  const known = allowedScope(asked.trim().replace(/\s+/g, ' '), everything[who], levels);
  // No person's words are of use to a backend.
  const scope = kind === 'backend' ? known.filter((word) => word.startsWith('system/')) : known;
  if (scope.length === 0) throw wrong('none of the words of scope is a scope of this server.');
  return scope.join(' ');
}

/** An address inside the hospital is refused at once; names are judged whenever they are looked up. */
function checkJwksUri(text: string | undefined, trustedHosts: readonly string[]): void {
  if (text === undefined) return;
  const url = URL.parse(text);
  if (url && (trustedHosts.includes(url.host) || trustedHosts.includes(url.hostname))) return;
  if (url?.protocol !== 'https:') throw wrong('jwks_uri is no https URL.');
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const isClosed = (isIP(address) !== 0 && isInside(address)) || /(^|\.)(localhost|local|internal)\.?$/.test(address);
  if (isClosed) throw wrong('jwks_uri is not a public address.');
}

function keysOf(body: Body, trustedHosts: readonly string[]): Pick<NewClient, 'jwks' | 'jwksUri'> {
  const jwksUri = textOf(body, 'jwks_uri');
  checkJwksUri(jwksUri, trustedHosts);
  const jwks = body['jwks'] ?? undefined;
  const isSet = jwks === undefined || Array.isArray((jwks as { readonly keys?: unknown } | null)?.keys);
  if (!isSet) throw wrong('jwks is no JSON Web Key Set.');
  return {
    ...(jwks === undefined ? {} : { jwks: { keys: (jwks as NonNullable<NewClient['jwks']>).keys } }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
  };
}

/** What is only for people to read. */
function aboutOf(body: Body): Record<string, unknown> {
  const about: Record<string, unknown> = {};
  for (const name of ['client_uri', 'logo_uri', 'tos_uri', 'policy_uri'] as const) {
    const text = textOf(body, name);
    if (text !== undefined && URL.parse(text)?.protocol !== 'https:') throw wrong(`${name} is no https URL.`);
    if (text !== undefined) about[name] = text;
  }
  for (const name of ['software_id', 'software_version'] as const) {
    const text = textOf(body, name);
    if (text !== undefined) about[name] = text;
  }
  const contacts = listOf(body, 'contacts');
  if (contacts?.some((contact) => contact.length > 320)) throw wrong('contacts has a text that is too long.');
  return contacts === undefined ? about : { ...about, contacts };
}

function subjectOf(body: Body): Pick<NewClient, 'tlsSubject'> {
  const given = Object.fromEntries(tlsSubjectMembers.map((member) => [member, textOf(body, member)]));
  const { tlsSubject } = clientChangesOf(given);
  return tlsSubject === undefined ? {} : { tlsSubject };
}

export interface RequestOptions {
  /** For a client without one: its id. */
  readonly name: string;
  /** Hosts whose key sets may be fetched although they are inside. */
  readonly trustedHosts: readonly string[];
}

/** Throws RegistrationError for what cannot be registered. */
export function registrationOf(given: unknown, { name, trustedHosts }: RequestOptions): NewClient {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) throw wrong('The body is no JSON object.');
  const body = given as Body;
  const method = oneOf(body, 'token_endpoint_auth_method', authMethods) ?? 'client_secret_basic';
  const kind = kindOf(body, method);
  const client: NewClient = {
    name: textOf(body, 'client_name') ?? name,
    kind,
    scope: scopeOf(body, kind),
    ...keysOf(body, trustedHosts),
    redirectUris: listOf(body, 'redirect_uris') ?? [],
    postLogoutRedirectUris: listOf(body, 'post_logout_redirect_uris') ?? [],
    launchUrl: textOf(body, 'initiate_login_uri'),
    authMethod: method,
    signingAlg: oneOf(body, 'token_endpoint_auth_signing_alg', signingAlgorithms),
    ...subjectOf(body),
    dpop: flagOf(body, 'dpop_bound_access_tokens'),
    mtls: flagOf(body, 'tls_client_certificate_bound_access_tokens'),
    par: flagOf(body, 'require_pushed_authorization_requests'),
    about: aboutOf(body),
  };
  const redirects = redirectUrisProblem(client);
  if (redirects) throw new RegistrationError('invalid_redirect_uri', redirects);
  const problem = clientProblem(client);
  if (problem) throw wrong(problem);
  return client;
}
