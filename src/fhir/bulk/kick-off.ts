/**
 * Takes an export: it is stored, queued and audited in one transaction, so that neither a restart nor a crash loses it.
 * https://hl7.org/fhir/uv/bulkdata/STU2/export.html#bulk-data-kick-off-request
 */
import { FhirError } from '../../shared/errors.ts';
import { newId } from '../../shared/id.ts';
import { countExports, insertExport, removeExpiredExports } from '../../store/bulk/exports.ts';
import { keptHours, ownerOf } from '../async/kick-off.ts';
import type { Context } from '../context.ts';
import type { Call } from '../operations/operation.ts';
import { outcome } from '../outcome.ts';
import type { Reply } from '../reply.ts';
import { askedOf, demandSystem } from './asked.ts';
import { exportRecord } from './record.ts';

/** The job's name; its payload is `{ id }`. */
export const bulkJob = 'bulk-export';

/** Of one client at once: waiting or running, and with files that wait to be fetched. */
const maxOpen = 8;
const maxKept = 64;

/** The status of what was taken is at `_export/ID`. Throws `throttled`, and what `askedOf` throws. */
export async function kickOffExport(context: Context, call: Call): Promise<Reply> {
  const { access, now, base, store } = context;
  demandSystem(access);
  const { request } = call;
  if (!request.later) throw new FhirError('invalid', 'An export needs the header Prefer: respond-async.');
  const asked = await askedOf(context, call);
  const id = newId(now().getTime());
  const path = [call.type, call.id, '$export'].filter(Boolean).join('/');
  const url = request.params.size > 0 ? `${path}?${request.params}` : path;
  const owner = ownerOf(access.caller);
  const created = now();
  const expires = new Date(created.getTime() + keptHours * 3_600_000);
  const ticket = request.later();
  await store.transaction(async (inner) => {
    await inner.lock([`bulk ${owner}`]);
    await removeExpiredExports(inner.db, created);
    const { open, all } = await countExports(inner.db, owner);
    if (open >= maxOpen || all >= maxKept) {
      const message = `You have ${open} exports under way and ${all} kept; ${maxOpen} and ${maxKept} are the most. Delete some, or wait.`;
      throw new FhirError('throttled', message, { retryAfter: 60 });
    }
    const request = JSON.stringify(asked);
    await insertExport(inner.db, { id, owner, ticket, url: `${base}/${url}`, request, created, expires });
    // One at a time on the whole server: what else is put off never waits for exports alone.
    await inner.jobs.add({ name: bulkJob, payload: { id }, queue: bulkJob });
    await inner.audit.append(exportRecord(context, 'bulk-export', `_export/${id}: ${url}`, []));
  });
  const diagnostics = `The export was taken; its status is at _export/${id}.`;
  const text = JSON.stringify(outcome([{ severity: 'information', code: 'informational', diagnostics }]));
  return { status: 202, text, later: { at: `_export/${id}`, progress: 'waiting' } };
}
