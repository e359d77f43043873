/** Requests of the comparison of answers: a call below a side's base, and short words for what it answered. */
import type { ServerSide } from '../sides.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, `{}` where it is none. */
  readonly body: Body;
}

/** As much of a resource or a Bundle as the cases look at. */
interface Body {
  readonly resourceType?: string;
  readonly id?: string;
  readonly total?: number;
  readonly birthDate?: string;
  readonly meta?: { readonly versionId?: string; readonly tag?: readonly { readonly code?: string }[] };
  readonly entry?: readonly Entry[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly subject?: { readonly reference?: string };
  readonly code?: { readonly text?: string };
}

interface Entry {
  readonly resource?: Body;
  readonly search?: { readonly mode?: string };
  readonly response?: { readonly status?: string; readonly location?: string };
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a string, as FHIR JSON otherwise. */
  readonly body?: unknown;
}

export type Call = (path: string, request?: Request) => Promise<Answer>;

const parse = (text: string): Body => {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
};

/** Calls of a side; a path that is a whole URL (of a page's link) is taken as it is. */
export function caller(side: ServerSide): Call {
  return async (path, { method = 'GET', headers = {}, body } = {}) => {
    const answer = await fetch(/^https?:/.test(path) ? path : `${side.base}/${path}`, {
      method,
      headers: { 'content-type': 'application/fhir+json', ...(await side.headers()), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: parse(text) };
  };
}

/** The ids behind the prefix of the run. */
const short = (id: string | undefined) => id?.replace(/^[a-z0-9]+-/, '') ?? '';

/** The matches' ids in alphabetical order, then what was included behind a plus: `a b + c`; or the status of a refusal. */
export function found(answer: Answer, sorted = true): string {
  if (answer.status !== 200) return `status ${answer.status}`;
  const of = (mode: string) =>
    (answer.body.entry ?? []).filter(({ search }) => search?.mode === mode).map(({ resource }) => short(resource?.id));
  const order = (ids: readonly string[]) => (sorted ? [...ids].sort() : ids).join(' ');
  const included = of('include');
  return included.length ? `${order(of('match'))} + ${order(included)}` : order(of('match'));
}

/** The status, and whether the body is an OperationOutcome. */
export const outcome = ({ status, body }: Answer) =>
  `${status}${body.resourceType === 'OperationOutcome' ? ' with OperationOutcome' : ''}`;

/** The statuses of a batch's or transaction's entries. */
export const statuses = (answer: Answer) =>
  answer.status === 200
    ? (answer.body.entry ?? []).map(({ response }) => response?.status?.slice(0, 3)).join(' ')
    : outcome(answer);

/** One thing that the standard says; `expected` is a text or several that it allows. */
export interface Case {
  readonly title: string;
  readonly ask: (call: Call, run: string) => Promise<string>;
  readonly expected: string | readonly string[];
}
