/**
 * What a row of the table of interactions is, and the request that it answers.
 * https://hl7.org/fhir/R4/http.html#summary
 */
import type { AuditRecord } from '../../store/audit/record.ts';
import type { Permission } from '../access.ts';
import type { Context } from '../context.ts';
import type { Body, Reply } from '../reply.ts';
import type { Entry } from './entries.ts';

/** A request as an entry of a Bundle says it. */
export type EntryRequest = Pick<Entry, 'method' | 'url'> &
  Partial<Pick<Entry, 'body' | 'ifMatch' | 'ifNoneExist' | 'ifNoneMatch'>>;

/** A request below the FHIR base, free of HTTP. */
export interface Request {
  /** Of the path; empty or NaN where its pattern has none. */
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** The type to be found in a compartment, or `*`. */
  readonly member: string;
  readonly params: URLSearchParams;
  /** Whether there is a body to read. */
  readonly hasBody: boolean;
  /** Reads and parses the body; asked only by interactions that have one. */
  readonly body: () => Promise<Body>;
  /** The parameters of the URL and of a form body together. */
  readonly form: () => Promise<URLSearchParams>;
  readonly ifMatch: string | undefined;
  readonly ifNoneExist: string | undefined;
  /** Of a write; what it means for a read, `http` sees to. */
  readonly ifNoneMatch?: string | undefined;
  /** `Prefer: handling=strict`. */
  readonly strict: boolean;
  /** `Prefer: return=`. */
  readonly returns: 'minimal' | 'representation' | 'OperationOutcome' | undefined;
  /** The caller is ready to wait (`Prefer: respond-async`): gives what stands for its token then. Not for entries of a Bundle. */
  readonly later?: () => string;
  /** When a transaction runs the entry that is such a request; see `Interaction.phase`. */
  readonly phaseOf: (entry: Pick<EntryRequest, 'method' | 'url'>) => Phase;
  /** Runs another request by the same table: the entries of a Bundle are such requests. */
  readonly perform: (context: Context, entry: EntryRequest) => Promise<Reply>;
}

/** `read` and `write`: with the reads or the writes of a transaction. `alone`: it goes on after its answer, or by itself. */
export type Phase = 'read' | 'write' | 'alone';

export interface Interaction {
  /** https://hl7.org/fhir/R4/valueset-restful-interaction.html; `batch` goes by the row of `transaction`. */
  readonly code:
    | 'read'
    | 'vread'
    | 'update'
    | 'patch'
    | 'delete'
    | 'history-instance'
    | 'history-type'
    | 'history-system'
    | 'create'
    | 'search-type'
    | 'search-system'
    | 'transaction'
    | 'operation';
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base; a word with a colon stands for one segment. */
  readonly path: string;
  /** SMART's letters, of which one is needed before anything is read; none where the entries of a Bundle bring their own. */
  readonly permissions: readonly Permission[];
  /** `own`: whatever it is, it comes as the Binary that holds it. */
  readonly body: 'none' | 'resource' | 'form' | 'parameters' | 'own';
  readonly action: AuditRecord['action'];
  /** Of an operation, when a transaction runs it; of all else its method tells. */
  readonly phase?: Phase;
  /** It puts off by itself what takes long. */
  readonly defers?: boolean;
  readonly run: (context: Context, request: Request) => Promise<Reply>;
}
