/**
 * The one error that a client can act on, and the one table of its kinds.
 * https://hl7.org/fhir/R4/http.html#Status-Codes
 */

/** kind: [HTTP status, OperationOutcome issue code (https://hl7.org/fhir/R4/valueset-issue-type.html)] */
export const kinds = {
  invalid: [400, 'invalid'],
  unauthenticated: [401, 'login'],
  forbidden: [403, 'forbidden'],
  notFound: [404, 'not-found'],
  methodNotAllowed: [405, 'not-supported'],
  notAcceptable: [406, 'not-supported'],
  conflict: [409, 'conflict'],
  gone: [410, 'deleted'],
  precondition: [412, 'conflict'],
  multipleMatches: [412, 'multiple-matches'],
  tooLarge: [413, 'too-long'],
  uriTooLong: [414, 'too-long'],
  unsupportedMedia: [415, 'not-supported'],
  unprocessable: [422, 'processing'],
  throttled: [429, 'throttled'],
  fault: [500, 'exception'],
  unsupported: [501, 'not-supported'],
  busy: [503, 'transient'],
  full: [507, 'no-store'],
} as const satisfies Record<string, readonly [number, string]>;

export type Kind = keyof typeof kinds;

/** One problem of several, as an OperationOutcome.issue has it. */
export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  /** A code of http://hl7.org/fhir/issue-type. */
  readonly code: string;
  readonly diagnostics: string;
  /** FHIRPath of the element, for instance `Patient.name[0].family`. */
  readonly expression?: readonly string[];
  /** A code of http://hl7.org/fhir/tools/CodeSystem/tx-issue-type, of what terminology has to say. */
  readonly kind?: string;
}

export interface ErrorDetail {
  readonly expression?: readonly string[];
  /** When given, these are the answer's issues and `message` is only for the log. */
  readonly issues?: readonly Issue[];
  readonly cause?: unknown;
  /** The `WWW-Authenticate` of a refusal that a plain Bearer token would not mend. */
  readonly challenge?: string;
  /** What the next proof has to bring (RFC 9449, 8). */
  readonly dpopNonce?: string;
  /** Seconds after which the same request may succeed (`Retry-After`). */
  readonly retryAfter?: number;
}

/** Thrown for what the client can act on; anything else that reaches `http` is a fault. */
export class FhirError extends Error {
  readonly kind: Kind;
  readonly detail: ErrorDetail;

  constructor(kind: Kind, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'FhirError';
    this.kind = kind;
    this.detail = detail;
  }

  get status(): number {
    return kinds[this.kind][0];
  }

  /** The answer's issues: the given ones, or one made of kind, message and expression. */
  get issues(): readonly Issue[] {
    if (this.detail.issues) return this.detail.issues;
    const { expression } = this.detail;
    return [
      {
        severity: this.status >= 500 ? 'fatal' : 'error',
        code: kinds[this.kind][1],
        diagnostics: this.message,
        ...(expression ? { expression } : {}),
      },
    ];
  }
}
