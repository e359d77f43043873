/**
 * What an acceptor does with the messages of one association: C-ECHO, C-STORE, and a clear no to all else.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part07/sect_9.3.html
 */
import type { Logger } from '../../shared/logger.ts';
import { codeOf, type Status } from '../status.ts';
import { type Command, commandFields, responseBit } from './command-set.ts';
import type { MessageHandler } from './messages.ts';
import type { AcceptedContext } from './negotiate.ts';
import { InvalidPdu } from './pdu.ts';

export interface Peer {
  readonly calling: string;
  readonly called: string;
  /** Its IP address. */
  readonly address: string;
}

interface StoreRequest extends Peer {
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly transferSyntax: string;
}

/** Takes the bytes of one data set, without group 2, in the transfer syntax of the request. */
export interface StoreSink {
  /** Nothing more is read from the peer until it resolves. */
  write(bytes: Buffer): Promise<void> | undefined;
  /** The data set is complete: a success must be durable when it resolves. */
  end(): Promise<Status>;
  /** The peer went away in the middle: nothing may remain. */
  abort(): Promise<void>;
}

/** A status instead of a sink refuses at once; the data set that follows is read and dropped. */
export type OnStore = (request: StoreRequest) => Promise<StoreSink | Status>;

interface ServicesOptions {
  readonly peer: Peer;
  readonly contexts: ReadonlyMap<number, AcceptedContext>;
  readonly onStore: OnStore;
  readonly respond: (context: number, command: Command) => Promise<void>;
  readonly log: Logger;
}

/** A request whose data set is being received. */
interface Pending {
  readonly command: Command;
  readonly context: number;
  readonly sink?: StoreSink;
  status?: Status;
}

export interface Services extends MessageHandler {
  /** Drops what is half received. */
  abort(): Promise<void>;
}

/** The handlers of one association. */
export function services({ peer, contexts, onStore, respond, log }: ServicesOptions): Services {
  let pending: Pending | undefined;

  const fault = (what: string, error: unknown): Status => {
    log.error(what, { ...peer, error });
    return { name: 'processingFailure' };
  };

  const answer = async ({ command, context, status = { name: 'success' } }: Pending): Promise<void> => {
    const { messageId, sopClass, sopInstance } = command;
    await respond(context, {
      field: command.field | responseBit,
      hasData: false,
      status: codeOf(status.name),
      ...(messageId === undefined ? {} : { respondedTo: messageId }),
      ...(sopClass === undefined ? {} : { sopClass }),
      ...(sopInstance === undefined ? {} : { sopInstance }),
      ...(status.comment === undefined ? {} : { comment: status.comment }),
    });
  };

  const beginStore = async (command: Command, accepted: AcceptedContext): Promise<StoreSink | Status> => {
    const { sopClass, sopInstance, hasData } = command;
    if (sopClass !== accepted.abstractSyntax)
      return { name: 'sopClassNotSupported', comment: 'Not the SOP class of its presentation context' };
    if (!sopInstance || !hasData) return { name: 'cannotUnderstand', comment: 'No instance UID or no data set' };
    const { transferSyntax } = accepted;
    return onStore({ ...peer, sopClass, sopInstance, transferSyntax }).catch((error: unknown) =>
      fault('C-STORE could not begin', error),
    );
  };

  const begin = async (command: Command, accepted: AcceptedContext): Promise<Pending> => {
    const request = { command, context: accepted.id };
    if (command.field === commandFields['C-ECHO-RQ']) return request;
    if (command.field !== commandFields['C-STORE-RQ']) return { ...request, status: { name: 'unrecognizedOperation' } };
    const begun = await beginStore(command, accepted);
    return 'name' in begun ? { ...request, status: begun } : { ...request, sink: begun };
  };

  return {
    async command(command, context) {
      const accepted = contexts.get(context);
      if (!accepted) throw new InvalidPdu(`Presentation context ${context} was not accepted.`);
      // A cancellation has no response of its own (PS3.7 9.3.2.3), and nothing of ours can be cancelled; nor are there
      // responses to wait for.
      if (command.field === commandFields['C-CANCEL-RQ'] || command.field & responseBit) return;
      const request = await begin(command, accepted);
      if (command.hasData) pending = request;
      else await answer(request);
    },
    data(bytes) {
      if (!pending?.sink || pending.status) return;
      const request = pending;
      return request.sink?.write(bytes)?.catch((error: unknown) => {
        request.status = fault('C-STORE failed', error);
      });
    },
    async end() {
      if (!pending) return;
      const request = pending;
      const { sink } = request;
      pending = undefined;
      if (request.status) await sink?.abort();
      else if (sink) request.status = await sink.end().catch((error: unknown) => fault('C-STORE failed', error));
      await answer(request);
    },
    async abort() {
      const sink = pending?.sink;
      pending = undefined;
      await sink?.abort();
    },
  };
}
