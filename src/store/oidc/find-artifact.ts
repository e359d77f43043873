/** Finds pieces of OAuth state that have not expired. */
import type { Database } from '../store.ts';
import { idHash, type Payload } from './artifact.ts';

interface Row {
  readonly payload: Payload;
  readonly consumed: number | null;
}

const columns = 'payload, extract(epoch from consumed_at)::int as consumed';
const alive = '(expires_at is null or expires_at > now())';

/** A consumed one is found too, with `consumed` (seconds since 1970) in it: that is how its reuse is noticed. */
const withConsumed = ({ payload, consumed }: Row): Payload => (consumed === null ? payload : { ...payload, consumed });

/** One that was consumed less than `graceSeconds` ago is not found: see the adapter. */
export async function findArtifact(
  db: Database,
  model: string,
  id: string,
  graceSeconds = 0,
): Promise<Payload | undefined> {
  const [row] = await db.query<Row>({
    name: 'oidc-find',
    text: `select ${columns} from oidc_model where model = $1 and id_hash = $2 and ${alive}
      and (consumed_at is null or consumed_at <= now() - $3::double precision * interval '1 second')`,
    values: [model, idHash(id), graceSeconds],
  });
  return row && { jti: id, ...withConsumed(row) };
}

export async function findSession(db: Database, uid: string): Promise<Payload | undefined> {
  const [row] = await db.query<Row>({
    name: 'oidc-find-session',
    text: `select ${columns} from oidc_model where model = 'Session' and uid = $1 and ${alive}`,
    values: [uid],
  });
  return row && withConsumed(row);
}

export async function findByUserCode(db: Database, model: string, userCode: string): Promise<Payload | undefined> {
  const [row] = await db.query<Row>({
    text: `select ${columns} from oidc_model where model = $1 and user_code = $2 and ${alive}`,
    values: [model, userCode],
  });
  return row && withConsumed(row);
}
