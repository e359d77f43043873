/** Saves a piece of OAuth state under its model and id. */
import type { Database } from '../store.ts';
import { idHash, type Payload, storedPayload } from './artifact.ts';

export interface Artifact {
  readonly model: string;
  readonly id: string;
  readonly payload: Payload;
  /** Seconds; undefined: for ever. */
  readonly expiresIn: number | undefined;
}

const columns = 'model, id_hash, payload, grant_id, user_code, uid, account_id, client_id, expires_at';
const values = "$1, $2, $3::jsonb, $4, $5, $6, $7, $8, now() + $9::double precision * interval '1 second'";
const news = `id_hash = excluded.id_hash, payload = excluded.payload, grant_id = excluded.grant_id,
  user_code = excluded.user_code, account_id = excluded.account_id, client_id = excluded.client_id,
  expires_at = excluded.expires_at`;

const saving = {
  // Saving again does not make a consumed token fresh: consumed_at stays.
  any: `insert into oidc_model (${columns}) values (${values}) on conflict (model, id_hash) do update set ${news}`,
  // A session gets a new id now and then; two requests that do so at once must leave one session.
  session: `insert into oidc_model (${columns}) values (${values})
    on conflict (uid) where model = 'Session' do update set ${news}`,
  // Whoever inserts first has used it; an expired one may be used again.
  once: `insert into oidc_model (${columns}) values (${values})
    on conflict (model, id_hash) do update set expires_at = excluded.expires_at where oidc_model.expires_at < now()
    returning 1`,
};

/** A sign-in under way belongs to the account too, so that it ends with it. */
interface Owned {
  readonly accountId?: unknown;
}

const text = (value: unknown) => (typeof value === 'string' ? value : null);

function parameters({ model, id, payload, expiresIn }: Artifact): unknown[] {
  const session = payload['session'] as Owned | undefined;
  const result = payload['result'] as { readonly login?: Owned } | undefined;
  return [
    model,
    idHash(id),
    JSON.stringify(storedPayload(model, payload)),
    text(payload['grantId']),
    text(payload['userCode']),
    model === 'Session' ? text(payload['uid']) : null,
    text(payload['accountId']) ?? text(result?.login?.accountId) ?? text(session?.accountId),
    text(payload['clientId']),
    expiresIn ?? null,
  ];
}

export async function saveArtifact(db: Database, artifact: Artifact): Promise<void> {
  const isSession = artifact.model === 'Session';
  await db.query({
    name: isSession ? 'oidc-save-session' : 'oidc-save',
    text: isSession ? saving.session : saving.any,
    values: parameters(artifact),
  });
}

/** Saves it unless it is there and has not expired; answers whether it did. Atomic between processes. */
export async function saveArtifactOnce(db: Database, artifact: Artifact): Promise<boolean> {
  const rows = await db.query({ name: 'oidc-save-once', text: saving.once, values: parameters(artifact) });
  return rows.length === 1;
}
