/** The members of RFC 7591, 8705, 9126 and 9449 that say how a client is registered, as our registration has them. */
import { type NewClient, type TlsSubject, tlsSubjectMembers } from './client-checks.ts';

/** Name outside, name inside; the subject of a certificate apart. */
const names = {
  name: 'name',
  kind: 'kind',
  scope: 'scope',
  jwks: 'jwks',
  jwks_uri: 'jwksUri',
  redirect_uris: 'redirectUris',
  post_logout_redirect_uris: 'postLogoutRedirectUris',
  launch_url: 'launchUrl',
  token_endpoint_auth_method: 'authMethod',
  token_endpoint_auth_signing_alg: 'signingAlg',
  dpop_bound_access_tokens: 'dpop',
  tls_client_certificate_bound_access_tokens: 'mtls',
  require_pushed_authorization_requests: 'par',
  fapi: 'fapi',
} as const satisfies Readonly<Record<string, keyof NewClient>>;

type Members = Readonly<Record<string, unknown>>;
export type ClientChanges = { readonly [Member in keyof NewClient]?: NewClient[Member] | undefined };

function subjectOf(members: Members): TlsSubject | undefined {
  const given = tlsSubjectMembers.flatMap((member) => {
    const value = members[member];
    return typeof value === 'string' ? [[member, value] as const] : [];
  });
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

/** The named members alone, each null one as undefined, which takes it away. Their forms were checked by who calls. */
export function clientChangesOf(members: Members): ClientChanges {
  const changes = Object.entries(names).flatMap(([outside, inside]) =>
    members[outside] === undefined ? [] : [[inside, members[outside] ?? undefined]],
  );
  const hasSubject = tlsSubjectMembers.some((member) => members[member] !== undefined);
  return { ...Object.fromEntries(changes), ...(hasSubject ? { tlsSubject: subjectOf(members) } : {}) };
}
