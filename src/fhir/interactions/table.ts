/**
 * The interactions that this server has: the one table by which requests and batch entries find their function, audit finds
 * its words, and the CapabilityStatement what it may claim.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import { FhirError } from '../../shared/errors.ts';
import { audited } from '../audit/audited.ts';
import type { Context } from '../context.ts';
import { operationRows } from '../operations/table.ts';
import type { Reply } from '../reply.ts';
import { batch } from './batch.ts';
import { history } from './history.ts';
import type { Interaction, Request } from './interaction.ts';
import { read } from './read.ts';
import { search } from './search.ts';
import { wideSearchRows } from './search-rows.ts';
import { transaction } from './transaction.ts';
import { vread } from './vread.ts';
import { writeRows } from './write-rows.ts';

export const interactions: readonly Interaction[] = [
  { code: 'read', method: 'GET', path: ':type/:id', permissions: ['r'], body: 'none', action: 'R', run: read },
  {
    code: 'vread',
    method: 'GET',
    path: ':type/:id/_history/:version',
    permissions: ['r'],
    body: 'none',
    action: 'R',
    run: vread,
  },
  {
    code: 'history-instance',
    method: 'GET',
    path: ':type/:id/_history',
    permissions: ['r'],
    body: 'none',
    action: 'R',
    run: history,
  },
  {
    code: 'history-type',
    method: 'GET',
    path: ':type/_history',
    permissions: ['r'],
    body: 'none',
    action: 'R',
    run: history,
  },
  { code: 'history-system', method: 'GET', path: '_history', permissions: [], body: 'none', action: 'R', run: history },
  ...wideSearchRows,
  { code: 'search-type', method: 'GET', path: ':type', permissions: ['s'], body: 'none', action: 'E', run: search },
  {
    code: 'search-type',
    method: 'POST',
    path: ':type/_search',
    permissions: ['s'],
    body: 'form',
    action: 'E',
    run: async (context, { type, form, strict }) => search(context, { type, params: await form(), strict }),
  },
  ...writeRows,
  { code: 'transaction', method: 'POST', path: '', permissions: [], body: 'resource', action: 'E', run: bundle },
  ...operationRows,
];

/** A Bundle posted to the base: a transaction, or a batch whose entries are requests by themselves, audited each. */
function bundle(context: Context, { body: readBody, returns, perform, phaseOf }: Request): Promise<Reply> {
  return audited(context, { code: 'transaction', action: 'E' }, async (inner) => {
    const body = await readBody();
    const { resource } = body;
    const type = resource.resourceType === 'Bundle' ? resource.type : undefined;
    if (type === 'batch') {
      return batch(context, { body, returns, perform });
    }
    if (type === 'transaction') {
      return transaction(inner, { body, returns, others: { perform, phaseOf } });
    }
    const found = resource.resourceType === 'Bundle' ? `a Bundle of type ${type}` : `a ${resource.resourceType}`;
    const message = `The base takes a Bundle of type transaction or batch, not ${found}.`;
    throw new FhirError('invalid', message, { expression: ['Bundle.type'] });
  });
}
