/** An opened record as the JSON API and the pages show it. */
import type { GlassView } from '../../shared/api/break-the-glass.ts';
import type { Glass } from '../../store/glass/glass.ts';

const time = (date: Date | null) => (date === null ? null : date.toISOString());

function statusOf({ endedAt, endedBy, expiresAt }: Glass): GlassView['status'] {
  if (endedBy !== null) return 'ended';
  return endedAt !== null || expiresAt.getTime() <= Date.now() ? 'expired' : 'open';
}

export function viewOf(glass: Glass): GlassView {
  const { id, userId, nom, prenom, patient, reason, explanation, clientName, verdict, comment, reviewedBy } = glass;
  return {
    id,
    user_id: userId,
    nom,
    prenom,
    patient_id: patient,
    reason,
    explanation,
    client: clientName,
    status: statusOf(glass),
    opened_at: glass.openedAt.toISOString(),
    expires_at: glass.expiresAt.toISOString(),
    ended_at: time(glass.endedAt),
    verdict,
    comment,
    reviewed_by: reviewedBy,
    reviewed_at: time(glass.reviewedAt),
  };
}
