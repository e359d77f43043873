/**
 * A request that is answered later, as text: everything that the interaction will want to know, without the token.
 * https://hl7.org/fhir/R4/async.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { Caller } from '../access.ts';
import type { Match, PlainRequest } from '../interactions/perform.ts';
import { parseText } from '../json/body.ts';

interface Asked
  extends Pick<PlainRequest, 'hasBody' | 'ifMatch' | 'ifNoneMatch' | 'ifNoneExist' | 'strict' | 'returns'> {
  readonly method: string;
  readonly path: string;
  /** Those of a form too. */
  readonly params: string;
  readonly body?: string;
  readonly address?: string;
  readonly requestId?: string;
}

/** Interactions that may take long. Of a single resource nothing is gained by waiting for it in rounds. */
export function mayBeAsync({ interaction: { code, body, defers } }: Match): boolean {
  if (defers) return false;
  // What has no resource as its body is no more one as its answer.
  if (body === 'own') return false;
  return !['read', 'vread', 'create', 'update', 'patch', 'delete'].includes(code);
}

/** Reads the body, so that what is wrong with that is said at once. */
export async function askedText(
  { address, requestId }: Caller,
  { interaction }: Match,
  path: string,
  request: PlainRequest,
): Promise<string> {
  const { hasBody, ifMatch, ifNoneMatch, ifNoneExist, strict, returns } = request;
  const form = await request.form();
  const takesBody = hasBody && interaction.body !== 'form' && interaction.body !== 'none';
  const body = takesBody ? (await request.body()).text : undefined;
  const asked: Asked = {
    method: interaction.method,
    path,
    params: form.toString(),
    hasBody: body !== undefined,
    ifMatch,
    ifNoneMatch,
    ifNoneExist,
    strict,
    returns,
    ...(body === undefined ? {} : { body }),
    ...(address === undefined ? {} : { address }),
    ...(requestId === undefined ? {} : { requestId }),
  };
  return JSON.stringify(asked);
}

export interface Again {
  readonly method: string;
  readonly path: string;
  readonly caller: Pick<Caller, 'address' | 'requestId'>;
  readonly request: PlainRequest;
}

/** The request again. */
export function readAsked(text: string): Again {
  const { method, path, params, body, address, requestId, ...rest } = JSON.parse(text) as Asked;
  const parameters = new URLSearchParams(params);
  return {
    method,
    path,
    caller: { ...(address === undefined ? {} : { address }), ...(requestId === undefined ? {} : { requestId }) },
    request: {
      ...rest,
      params: parameters,
      form: () => Promise.resolve(parameters),
      // Async, so that what is thrown rejects.
      body: async () => {
        if (body === undefined) throw new FhirError('invalid', 'The request has no body.');
        return parseText(body);
      },
    },
  };
}
