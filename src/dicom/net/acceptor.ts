/**
 * One connection from a peer: admission, negotiation, services, end.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_7.1.html
 */
import type { Socket } from 'node:net';
import type { Logger } from '../../shared/logger.ts';
import type { Indication } from './actions.ts';
import { Association, type Timeouts } from './association.ts';
import { implementationUid, implementationVersion } from './implementation.ts';
import { commandPdu, MessageReader } from './messages.ts';
import { agreed, negotiate } from './negotiate.ts';
import { type AssociateRq, applicationContext, type Rejection, rejectPdu } from './pdu.ts';
import { type OnStore, type Peer, type Services, services } from './services.ts';

export type Verdict = 'accepted' | Rejection;

export interface DimseLimits extends Timeouts {
  /** At one time, of all peers. */
  readonly associations: number;
  /** At one time, of one calling AE title. */
  readonly associationsPerAe: number;
  /** Connections that have no association (yet, or no longer), of all addresses; more are cut off at once. */
  readonly waiting: number;
  readonly waitingPerAddress: number;
  /** Longest P-DATA-TF that we announce and take, bytes. */
  readonly maxLength: number;
}

interface AcceptorOptions {
  readonly socket: Socket;
  readonly address: string;
  readonly limits: DimseLimits;
  readonly admit: (peer: Peer) => Promise<Verdict>;
  readonly onStore: OnStore;
  readonly log: Logger;
}

export interface Acceptor {
  readonly address: string;
  /** Who it is, from when it asked for an association until that is rejected. */
  readonly peer: Peer | undefined;
  /** Whether no message is being received or answered, and none was for a second. */
  readonly quiet: boolean;
  /** Resolves when the connection is gone and nothing of it remains. */
  readonly done: Promise<void>;
  abort(): void;
}

/** An association that is silent so long is between two studies, not between two images. */
const quietMilliseconds = 1000;

class AcceptedConnection implements Acceptor {
  readonly address: string;
  readonly done: Promise<void>;
  peer: Peer | undefined;
  readonly #options: AcceptorOptions;
  readonly #association: Association;
  #services: Services | undefined;
  #messages: MessageReader | undefined;
  #working = true;
  #lastWork = Date.now();

  constructor(options: AcceptorOptions) {
    const { socket, limits, address, log } = options;
    this.#options = options;
    this.address = address;
    this.#association = new Association({
      socket,
      maxLength: limits.maxLength,
      timeouts: limits,
      onIndication: (indication) => this.#hear(indication),
      onFault: (error) => log.warn('DIMSE connection failed', { address, calling: this.peer?.calling, error }),
    });
    this.#association.request('Evt5');
    this.#working = false;
    this.done = this.#run();
  }

  get quiet(): boolean {
    return !this.#working && !this.#messages?.busy && Date.now() - this.#lastWork > quietMilliseconds;
  }

  abort(): void {
    this.#association.request('Evt15');
    // Its peer had its time; waiting for it to close first would only delay the end.
    this.#options.socket.destroySoon();
  }

  async #run(): Promise<void> {
    await this.#association.run();
    await this.#services?.abort().catch((error: unknown) => {
      this.#options.log.error('What an association left behind could not be removed', { ...this.peer, error });
    });
  }

  async #hear(indication: Indication): Promise<void> {
    this.#working = true;
    try {
      await this.#handle(indication);
    } finally {
      this.#working = false;
      this.#lastWork = Date.now();
    }
  }

  async #handle(indication: Indication): Promise<void> {
    const { log } = this.#options;
    switch (indication.primitive) {
      case 'A-ASSOCIATE indication':
        if (indication.pdu.type === 'A-ASSOCIATE-RQ') await this.#answer(indication.pdu);
        return;
      case 'P-DATA indication':
        if (indication.pdu.type === 'P-DATA-TF') await this.#messages?.take(indication.pdu);
        return;
      case 'A-RELEASE indication':
        this.#association.request('Evt14');
        return;
      case 'A-ABORT indication':
      case 'A-P-ABORT indication':
        log.info('Association aborted', { ...this.peer, by: indication.primitive });
        return;
      default:
        return;
    }
  }

  async #answer(rq: AssociateRq): Promise<void> {
    const { address, admit, log } = this.#options;
    const { calling, called } = rq;
    const peer = { calling, called, address };
    this.peer = peer;
    const verdict =
      rq.applicationContext === applicationContext ? await admit(peer) : 'application-context-name-not-supported';
    if (verdict !== 'accepted') {
      this.peer = undefined;
      log.warn('Association rejected', { ...peer, reason: verdict });
      this.#association.request('Evt8', rejectPdu(verdict));
      return;
    }
    this.#accept(rq, peer);
  }

  #accept(rq: AssociateRq, peer: Peer): void {
    const { limits, onStore, log } = this.#options;
    const association = this.#association;
    const replies = negotiate(rq.contexts);
    this.#services = services({
      peer,
      contexts: agreed(rq.contexts, replies),
      onStore,
      respond: async (context, command) => {
        association.request('Evt9', commandPdu(context, command));
        await association.drained();
      },
      log,
    });
    this.#messages = new MessageReader(this.#services);
    const user = { maxLength: limits.maxLength, implementationUid, implementationVersion };
    association.request('Evt7', { ...rq, type: 'A-ASSOCIATE-AC', protocolVersion: 1, contexts: replies, user });
    const refused = replies.filter((reply) => reply.result !== 0).length;
    log.info('Association accepted', { ...peer, contexts: replies.length, refused });
  }
}

/** Serves a fresh connection. */
export function acceptSocket(options: AcceptorOptions): Acceptor {
  return new AcceptedConnection(options);
}
