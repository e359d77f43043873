/**
 * The requestor of associations: asks, echoes, stores, releases.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_7.1.html
 */
import { Socket } from 'node:net';
import type { Indication } from './actions.ts';
import { Association, type Timeouts } from './association.ts';
import { type Command, commandFields, responseBit } from './command-set.ts';
import { implementationUid, implementationVersion } from './implementation.ts';
import type { Instance } from './instance-file.ts';
import { commandPdu, dataPdus, fragmentLength, MessageReader } from './messages.ts';
import { type AcceptedContext, agreed } from './negotiate.ts';
import { type AssociateRq, applicationContext, type Pdu, type ProposedContext, rejectionOf } from './pdu.ts';
import { verification } from './storage-classes.ts';

interface AssociateOptions {
  readonly host: string;
  readonly port: number;
  readonly calling: string;
  readonly called: string;
  readonly contexts: readonly Omit<ProposedContext, 'id'>[];
  /** Longest P-DATA-TF that we announce. */
  readonly maxLength?: number;
  readonly timeouts?: Partial<Timeouts>;
}

/** Why an association did not come to be, or ended before its work. */
export class AssociationError extends Error {
  readonly kind: 'rejected' | 'aborted' | 'closed' | 'no-context';

  constructor(kind: AssociationError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AssociationError';
    this.kind = kind;
  }
}

interface Response {
  readonly status: number;
  readonly comment?: string;
}

export interface RequestedAssociation {
  /** What the peer accepted. */
  readonly contexts: readonly AcceptedContext[];
  echo(): Promise<Response>;
  /** Sends one instance in the context of its SOP class and transfer syntax; AssociationError `no-context` without one. */
  store(instance: Instance): Promise<Response>;
  release(): Promise<void>;
  abort(): void;
}

const defaults: Timeouts = { artimSeconds: 10, pduSeconds: 60, idleSeconds: 60 };

interface Waiting<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

function described(pdu: Pdu | undefined): string {
  if (pdu?.type !== 'A-ABORT') return 'the connection was lost';
  return `A-ABORT, source ${pdu.source}, reason ${pdu.reason}`;
}

class Requestor implements RequestedAssociation {
  contexts: readonly AcceptedContext[] = [];
  readonly #association: Association;
  readonly #rq: AssociateRq;
  readonly #messages: MessageReader;
  #fragment = 0;
  #nextId = 1;
  #fault: unknown;
  #established: Waiting<RequestedAssociation> | undefined;
  #released: Waiting<void> | undefined;
  #response: Waiting<Command> | undefined;
  /** One operation at a time: more are not negotiated. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ host, port, calling, called, contexts, maxLength = 262_144, timeouts }: AssociateOptions) {
    const socket = new Socket();
    socket.setNoDelay(true);
    const proposed = contexts.map((context, at) => ({ ...context, id: 2 * at + 1 }));
    const user = { maxLength, implementationUid, implementationVersion };
    const common = { protocolVersion: 1, called, calling, applicationContext, user };
    this.#rq = { type: 'A-ASSOCIATE-RQ', ...common, contexts: proposed };
    this.#association = new Association({
      socket,
      maxLength,
      timeouts: { ...defaults, ...timeouts },
      connect: () => socket.connect({ host, port }, () => this.#association.request('Evt2', this.#rq)),
      onIndication: (indication) => this.#hear(indication),
      onFault: (error) => {
        this.#fault = error;
      },
    });
    this.#messages = new MessageReader({
      command: async (command) => this.#response?.resolve(command),
      data: () => undefined,
      end: () => undefined,
    });
  }

  associate(): Promise<RequestedAssociation> {
    return new Promise((resolve, reject) => {
      this.#established = { resolve, reject };
      this.#association.request('Evt1');
      void this.#run();
    });
  }

  async echo(): Promise<Response> {
    const context = this.#contextOf((one) => one.abstractSyntax === verification, 'Verification');
    const command = { field: commandFields['C-ECHO-RQ'], sopClass: verification, hasData: false };
    return this.#operation(context, command, []);
  }

  async store({ sopClass, sopInstance, transferSyntax, bytes }: Instance): Promise<Response> {
    const context = this.#contextOf(
      (one) => one.abstractSyntax === sopClass && one.transferSyntax === transferSyntax,
      `${sopClass} in ${transferSyntax}`,
    );
    const command = { field: commandFields['C-STORE-RQ'], sopClass, sopInstance, priority: 0, hasData: true };
    return this.#operation(context, command, bytes);
  }

  release(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#released = { resolve, reject };
      this.#association.request('Evt11');
      if (this.#association.state !== 'Sta7') reject(new AssociationError('closed', 'There is no association.'));
    });
  }

  abort(): void {
    this.#association.request('Evt15');
    this.#association.close();
  }

  #contextOf(fits: (context: AcceptedContext) => boolean, what: string): AcceptedContext {
    const found = this.contexts.find(fits);
    if (!found) throw new AssociationError('no-context', `The peer did not accept ${what}.`);
    return found;
  }

  #operation(context: AcceptedContext, command: Command, bytes: Instance['bytes']): Promise<Response> {
    const result = this.#last.then(() => this.#perform(context, command, bytes));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #perform({ id }: AcceptedContext, command: Command, bytes: Instance['bytes']): Promise<Response> {
    const messageId = this.#nextId;
    this.#nextId = (this.#nextId % 0xffff) + 1;
    const answered = new Promise<Command>((resolve, reject) => {
      this.#response = { resolve, reject };
    });
    // Listened to below, after the data set is sent; it may be rejected before.
    answered.catch(() => undefined);
    await this.#send(commandPdu(id, { ...command, messageId }));
    if (command.hasData) for await (const pdu of dataPdus(id, bytes, this.#fragment)) await this.#send(pdu);
    const { field, respondedTo, status, comment } = await answered;
    if (field !== (command.field | responseBit) || respondedTo !== messageId || status === undefined)
      throw new AssociationError('aborted', 'The peer answered something else than it was asked.');
    return { status, ...(comment === undefined ? {} : { comment }) };
  }

  async #send(pdu: Pdu): Promise<void> {
    if (this.#association.state !== 'Sta6')
      throw new AssociationError('closed', 'There is no association.', this.#fault);
    this.#association.request('Evt9', pdu);
    await this.#association.drained();
  }

  async #run(): Promise<void> {
    await this.#association.run();
    this.#end(new AssociationError('closed', 'The connection was closed.', this.#fault));
  }

  #end(error: AssociationError): void {
    for (const waiting of [this.#established, this.#released, this.#response]) waiting?.reject(error);
  }

  async #hear(indication: Indication): Promise<void> {
    switch (indication.primitive) {
      case 'A-ASSOCIATE confirmation':
        this.#confirm(indication.pdu);
        return;
      case 'P-DATA indication':
        if (indication.pdu.type === 'P-DATA-TF') await this.#messages.take(indication.pdu);
        return;
      case 'A-RELEASE indication':
        this.#association.request('Evt14');
        return;
      case 'A-RELEASE confirmation':
        this.#released?.resolve();
        return;
      default:
        this.#end(new AssociationError('aborted', `The association ended: ${described(indication.pdu)}.`, this.#fault));
    }
  }

  #confirm(pdu: Pdu): void {
    if (pdu.type === 'A-ASSOCIATE-RJ')
      this.#established?.reject(new AssociationError('rejected', `The association was rejected: ${rejectionOf(pdu)}.`));
    if (pdu.type !== 'A-ASSOCIATE-AC') return;
    this.contexts = [...agreed(this.#rq.contexts, pdu.contexts).values()];
    this.#fragment = fragmentLength(pdu.user.maxLength);
    this.#established?.resolve(this);
  }
}

/** Opens an association; throws AssociationError `rejected`, `aborted` or `closed` (with the network's error as cause). */
export function associate(options: AssociateOptions): Promise<RequestedAssociation> {
  return new Requestor(options).associate();
}
