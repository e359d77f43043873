/** Records that somebody opened by break-the-glass: who, whose, why, until when, and what was thought of it afterwards. */
import type { Database } from '../store.ts';

export type Verdict = 'justified' | 'not-justified' | 'follow-up';

export interface Glass {
  readonly id: string;
  readonly userId: string;
  /** `nom` and `prenom` of the person who opened it, and the Practitioner. */
  readonly nom: string;
  readonly prenom: string;
  readonly role: string;
  readonly practitionerId: string;
  /** Id of the Patient. */
  readonly patient: string;
  readonly reason: string;
  readonly explanation: string;
  readonly clientName: string;
  readonly address: string | null;
  readonly openedAt: Date;
  readonly expiresAt: Date;
  /** Null while it is open, or when nobody has noticed yet that its time is over. */
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly verdict: Verdict | null;
  readonly comment: string | null;
  readonly reviewedBy: string | null;
  readonly reviewedAt: Date | null;
}

const columns = `g.id, g.user_id as "userId", u.nom, u.prenom, u.role, u.practitioner_id as "practitionerId", g.patient,
  g.reason, g.explanation, g.client_name as "clientName", g.address, g.opened_at as "openedAt", g.expires_at as "expiresAt",
  g.ended_at as "endedAt", g.ended_by as "endedBy", g.verdict, g.comment, g.reviewed_by as "reviewedBy",
  g.reviewed_at as "reviewedAt"`;

export interface NewGlass {
  readonly id: string;
  readonly userId: string;
  readonly patient: string;
  readonly reason: string;
  readonly explanation: string;
  readonly clientName: string;
  readonly address?: string | undefined;
  readonly minutes: number;
}

/** Undefined: this person has this record open already. */
export async function openGlass(db: Database, glass: NewGlass): Promise<Glass | undefined> {
  const { id, userId, patient, reason, explanation, clientName, address = null, minutes } = glass;
  const [row] = await db.query<Glass>({
    text: `with g as (
        insert into break_glass (id, user_id, patient, reason, explanation, client_name, address, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(mins => $8))
        on conflict (user_id, patient) where ended_at is null do nothing returning *)
      select ${columns} from g join users u on u.id = g.user_id`,
    values: [id, userId, patient, reason, explanation, clientName, address, minutes],
  });
  return row;
}

/** Ends it before its time; undefined when it is not open. */
export async function endGlass(db: Database, id: string, endedBy: string): Promise<Glass | undefined> {
  const [row] = await db.query<Glass>({
    text: `with g as (
        update break_glass set ended_at = now(), ended_by = $2
        where id::text = $1 and ended_at is null and expires_at > now() returning *)
      select ${columns} from g join users u on u.id = g.user_id`,
    values: [id, endedBy],
  });
  return row;
}

/** Writes down the end of those whose time is over; each is answered once, to one caller. At most `limit`. */
export async function endExpiredGlasses(db: Database, limit: number): Promise<readonly Glass[]> {
  return db.query<Glass>({
    text: `with due as (
        select id from break_glass where ended_at is null and expires_at <= now()
        order by expires_at limit $1 for update skip locked),
      g as (update break_glass b set ended_at = b.expires_at from due where b.id = due.id returning b.*)
      select ${columns} from g join users u on u.id = g.user_id`,
    values: [limit],
  });
}

/** Undefined when there is none, or when it has its final verdict already. `follow-up` is none. */
export async function reviewGlass(
  db: Database,
  {
    id,
    verdict,
    comment,
    by,
  }: { readonly id: string; readonly verdict: Verdict; readonly comment: string; readonly by: string },
): Promise<Glass | undefined> {
  const [row] = await db.query<Glass>({
    text: `with g as (
        update break_glass set verdict = $2, comment = $3, reviewed_by = $4::uuid, reviewed_at = now()
        where id::text = $1 and user_id <> $4::uuid and (verdict is null or verdict = 'follow-up') returning *)
      select ${columns} from g join users u on u.id = g.user_id`,
    values: [id, verdict, comment, by],
  });
  return row;
}

export async function findGlass(db: Database, id: string): Promise<Glass | undefined> {
  const [row] = await db.query<Glass>({
    text: `select ${columns} from break_glass g join users u on u.id = g.user_id where g.id::text = $1`,
    values: [id],
  });
  return row;
}

const glassStatuses = ['open', 'to-review', 'reviewed', 'all'] as const;
type GlassStatus = (typeof glassStatuses)[number];

const conditions: Readonly<Record<GlassStatus, string>> = {
  open: 'g.ended_at is null and g.expires_at > now()',
  'to-review': `(g.verdict is null or g.verdict = 'follow-up')`,
  reviewed: `g.verdict in ('justified', 'not-justified')`,
  all: 'true',
};

export interface GlassQuery {
  readonly status: GlassStatus;
  /** Those of one person; absent: of everybody. */
  readonly userId?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Newest first. */
export async function listGlasses(
  db: Database,
  { status, userId, limit, offset }: GlassQuery,
): Promise<readonly Glass[]> {
  return db.query<Glass>({
    text: `select ${columns} from break_glass g join users u on u.id = g.user_id
           where ${conditions[status]} and ($1::uuid is null or g.user_id = $1::uuid)
           order by g.opened_at desc, g.id limit $2 offset $3`,
    values: [userId ?? null, limit, offset],
  });
}
