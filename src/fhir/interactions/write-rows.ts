/**
 * The rows of the table of interactions that write single resources.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import { patchOf } from '../patch/patch-document.ts';
import { createUnlessFound } from './conditional-create.ts';
import { removeFound } from './conditional-delete.ts';
import { updateFound } from './conditional-update.ts';
import { remove } from './delete.ts';
import { parseIfMatch, parseIfNoneMatch } from './expect.ts';
import type { Interaction, Request } from './interaction.ts';
import { patch, patchFound } from './patch.ts';
import { update } from './update.ts';

const conditionsOf = ({ ifMatch, ifNoneMatch }: Request) => ({
  ifMatch: parseIfMatch(ifMatch),
  ifNoneMatch: parseIfNoneMatch(ifNoneMatch),
});

export const writeRows: readonly Interaction[] = [
  {
    code: 'create',
    method: 'POST',
    path: ':type',
    permissions: ['c'],
    body: 'resource',
    action: 'C',
    run: async (context, { type, body, ifNoneExist }) =>
      createUnlessFound(context, { type, body: await body(), ifNoneExist }),
  },
  {
    code: 'update',
    method: 'PUT',
    path: ':type/:id',
    permissions: ['u'],
    body: 'resource',
    action: 'U',
    run: async (context, request) => {
      const { type, id, body } = request;
      return update(context, { type, id, body: await body(), ...conditionsOf(request) });
    },
  },
  {
    code: 'update',
    method: 'PUT',
    path: ':type',
    permissions: ['u'],
    body: 'resource',
    action: 'U',
    run: async (context, request) => {
      const { type, params, body } = request;
      return updateFound(context, { type, params, body: await body(), ...conditionsOf(request) });
    },
  },
  {
    code: 'patch',
    method: 'PATCH',
    path: ':type/:id',
    permissions: ['u'],
    body: 'resource',
    action: 'U',
    run: async (context, request) => {
      const { type, id, body } = request;
      return patch(context, { type, id, patch: patchOf(await body()), ...conditionsOf(request) });
    },
  },
  {
    code: 'patch',
    method: 'PATCH',
    path: ':type',
    permissions: ['u'],
    body: 'resource',
    action: 'U',
    run: async (context, request) => {
      const { type, params, body } = request;
      return patchFound(context, { type, params, patch: patchOf(await body()), ...conditionsOf(request) });
    },
  },
  {
    code: 'delete',
    method: 'DELETE',
    path: ':type/:id',
    permissions: ['d'],
    body: 'none',
    action: 'D',
    run: (context, { type, id, ifMatch }) => remove(context, { type, id, ifMatch: parseIfMatch(ifMatch) }),
  },
  {
    code: 'delete',
    method: 'DELETE',
    path: ':type',
    permissions: ['d'],
    body: 'none',
    action: 'D',
    run: (context, { type, params, ifMatch }) => removeFound(context, { type, params, ifMatch: parseIfMatch(ifMatch) }),
  },
];
