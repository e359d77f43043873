/** Everything that the owner of an access token is judged by, in one statement. */
import type { Database } from '../store.ts';

export interface Bearer {
  readonly scope: string;
  readonly audience: string | null;
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUris: readonly string[];
  /** Seconds since 1970. */
  readonly expires: number;
  /** What the application was launched with; null when it was not launched with anything. */
  readonly context: { readonly patient: string | null; readonly encounter: string | null } | null;
  /** To whose key the token is bound: thumbprints of a DPoP key (RFC 9449) and of a certificate (RFC 8705). */
  readonly confirmation: { readonly jkt?: string; readonly 'x5t#S256'?: string };
  /** Records that the person has opened by break-the-glass: id of the Patient, end in milliseconds since 1970. */
  readonly opened: readonly { readonly patient: string; readonly expires: number }[];
  /** The person; null for a backend service. */
  readonly user: {
    readonly id: string;
    readonly role: 'MEDECIN' | 'PERSONNEL' | 'ADMINISTRATEUR';
    readonly nom: string;
    readonly prenom: string;
    readonly practitionerId: string;
  } | null;
}

// A token for a person needs the person's account ACTIVE, and unless it is for offline use the session it came from.
const text = `
  select t.payload->>'scope' as scope, t.payload->>'aud' as audience, t.client_id as "clientId", c.name as "clientName",
    c.redirect_uris as "redirectUris",
    extract(epoch from t.expires_at)::int as expires,
    case when l.grant_id is null then null else json_build_object('patient', l.patient, 'encounter', l.encounter) end as context,
    json_strip_nulls(json_build_object('jkt', t.payload->>'jkt', 'x5t#S256', t.payload->>'x5t#S256')) as confirmation,
    coalesce((select json_agg(json_build_object('patient', g.patient, 'expires', extract(epoch from g.expires_at) * 1000))
      from break_glass g where g.user_id = u.id and g.ended_at is null and g.expires_at > now()), '[]') as opened,
    case when u.id is null then null else json_build_object('id', u.id, 'role', u.role, 'nom', u.nom,
      'prenom', u.prenom, 'practitionerId', u.practitioner_id) end as "user"
  from oidc_model t
  join oauth_client c on c.client_id = t.client_id and c.disabled_at is null
  left join launch_context l on l.grant_id = t.grant_id
  left join users u on u.id::text = t.account_id and u.status = 'ACTIVE'
  where t.model in ('AccessToken', 'ClientCredentials') and t.id_hash = $1 and t.expires_at > now()
    and (t.account_id is null or u.id is not null)
    and (t.payload->'expiresWithSession' is distinct from 'true'::jsonb or exists (
      select 1 from oidc_model s where s.model = 'Session' and s.uid = t.payload->>'sessionUid'
        and s.expires_at > now() and s.account_id = t.account_id))`;

/** By a token's `idHash`. Undefined for one that is unknown, expired, revoked, or whose person or client may not use it any more. */
export async function findBearer(db: Database, hash: string): Promise<Bearer | undefined> {
  const [row] = await db.query<Bearer>({ name: 'oidc-bearer', text, values: [hash] });
  return row;
}
