/** The rows on predictions and on the physicians' words about them. */
import { z } from 'zod';
import { audited } from '../../fhir/audit/audited.ts';
import type { Context } from '../../fhir/context.ts';
import { parseIfMatch } from '../../fhir/interactions/expect.ts';
import { type Found, findPrediction, findPredictions, findValidationsOf } from '../../livedoc/find-predictions.ts';
import { validatePrediction } from '../../livedoc/validate-prediction.ts';
import { predictionShape } from '../../shared/api/prediction.ts';
import { predictionQueryShape } from '../../shared/api/query.ts';
import { type ValidationRequest, validationRequestShape, validationShape } from '../../shared/api/validation.ts';
import { FhirError } from '../../shared/errors.ts';
import type { Answer, Route, RouteDeps } from './route.ts';

/** Reads as one audited interaction. */
async function reading<T>(
  { context }: RouteDeps,
  deed: { readonly code: 'read' | 'search-type'; readonly target?: string },
  find: (context: Context) => Promise<Found<T>>,
): Promise<Answer> {
  const found: Found<T>[] = [];
  await audited(context, { ...deed, action: deed.code === 'read' ? 'R' : 'E' }, async (own) => {
    const result = await find(own);
    found.push(result);
    return result.reply;
  });
  const [result] = found;
  const version = result?.version;
  return { status: 200, body: result?.value, ...(version !== undefined && { headers: { etag: `W/"${version}"` } }) };
}

function seenVersion(header: string | undefined): number | undefined {
  const version = parseIfMatch(header);
  if (version === 'present')
    throw new FhirError('invalid', 'If-Match: * names no version.', { expression: ['If-Match'] });
  return version;
}

const targetOf = (id: string) => ({ code: 'read' as const, target: `DiagnosticReport/${id}` });

export const predictionRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/predictions',
    summary: 'Predictions, newest first.',
    query: predictionQueryShape,
    reply: z.array(predictionShape),
    status: 200,
    errors: [400, 403],
    run: (deps, { query }) =>
      reading(deps, { code: 'search-type' }, (context) =>
        findPredictions(context, query as z.infer<typeof predictionQueryShape>),
      ),
  },
  {
    method: 'get',
    path: '/predictions/{id}',
    summary: 'A prediction; ETag is the version of its report.',
    reply: predictionShape,
    status: 200,
    errors: [403, 404, 410],
    run: (deps, { id }) => reading(deps, targetOf(id), (context) => findPrediction(context, id)),
  },
  {
    method: 'get',
    path: '/predictions/{id}/validations',
    summary: "The physicians' words on a prediction, oldest first.",
    reply: z.array(validationShape),
    status: 200,
    errors: [403, 404, 410],
    run: (deps, { id }) => reading(deps, targetOf(id), (context) => findValidationsOf(context, id)),
  },
  {
    method: 'post',
    path: '/predictions/{id}/validations',
    summary: 'A physician confirms, corrects or rejects a prediction.',
    body: validationRequestShape,
    reply: validationShape,
    status: 201,
    errors: [400, 403, 404, 409, 410, 412, 415, 422],
    ifMatch: 'The version of the report that the physician has seen; needed to correct one that is final.',
    async run(deps, { id, body, ifMatch }) {
      const version = seenVersion(ifMatch);
      const word = body as ValidationRequest;
      const validation = await validatePrediction(deps, { id, word, ...(version !== undefined && { version }) });
      return { status: 201, body: validation };
    },
  },
];
