/**
 * One association, as requestor or acceptor: socket, state, timers. Bytes become events of the state table; what the table
 * indicates is handed up one after the other, and nothing more is read while a handler works: that is the backpressure.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/chapter_9.html
 */
import type { Socket } from 'node:net';
import { actions, type Connection, type Indication } from './actions.ts';
import { type Deadline, deadline } from './deadline.ts';
import { abortPdu, InvalidPdu, type Pdu } from './pdu.ts';
import { encodePdu } from './pdu-codec.ts';
import { PduReader } from './pdu-reader.ts';
import { type Event, type State, transitions } from './state-table.ts';

export interface Timeouts {
  /** ARTIM: from connection to A-ASSOCIATE-RQ, and from the last word to the connection's end. */
  readonly artimSeconds: number;
  /** From the first to the last byte of one PDU. */
  readonly pduSeconds: number;
  /** Silence of the peer while we wait for it. */
  readonly idleSeconds: number;
}

interface AssociationOptions {
  readonly socket: Socket;
  /** Longest P-DATA-TF that this side announces. */
  readonly maxLength: number;
  readonly timeouts: Timeouts;
  /** Opens the connection; only a requestor has it. */
  readonly connect?: () => void;
  /** The next bytes are read when it resolves. */
  readonly onIndication: (indication: Indication) => Promise<void> | undefined;
  /** Hears, before the peer does, why this side ends the association. */
  readonly onFault: (error: unknown) => void;
}

const received = {
  'A-ASSOCIATE-RQ': 'Evt6',
  'A-ASSOCIATE-AC': 'Evt3',
  'A-ASSOCIATE-RJ': 'Evt4',
  'P-DATA-TF': 'Evt10',
  'A-RELEASE-RQ': 'Evt12',
  'A-RELEASE-RP': 'Evt13',
  'A-ABORT': 'Evt16',
} as const satisfies Record<Pdu['type'], Event>;

/** How long a peer that sent no valid PDU may take to read our A-ABORT before the connection goes. */
const lingerSeconds = 1;

export class Association implements Connection {
  readonly requestor: boolean;
  state: State = 'Sta1';
  readonly #options: AssociationOptions;
  readonly #reader: PduReader;
  readonly #artim: Deadline;
  readonly #pdu: Deadline;
  readonly #idle: Deadline;
  readonly #indications: Indication[] = [];
  #meaningless = false;
  /** Seconds that we have waited for the rest of the PDU under way. */
  #pduWaited = 0;
  #waitingSince = Date.now();

  constructor(options: AssociationOptions) {
    const { timeouts } = options;
    this.#options = options;
    this.requestor = options.connect !== undefined;
    this.#reader = new PduReader(options.maxLength);
    this.#artim = deadline(timeouts.artimSeconds, () => this.request('Evt18'));
    this.#pdu = deadline(timeouts.pduSeconds, () => this.#giveUp(`A PDU took over ${timeouts.pduSeconds} s.`));
    this.#idle = deadline(timeouts.idleSeconds, () => this.#giveUp(`Silence for ${timeouts.idleSeconds} s.`));
  }

  /** A request or response of the service-user (or a timer); one that comes too late is no longer in the table. */
  request(event: Event, pdu?: Pdu): void {
    const action = transitions[event][this.state];
    if (action) this.state = actions[action](this, pdu);
  }

  /** Reads until the connection ends, however it ends; never rejects. */
  async run(): Promise<void> {
    const { socket, onFault } = this.#options;
    this.#await();
    try {
      for await (const chunk of socket) await this.#take(chunk as Buffer);
    } catch (error) {
      // A connection that is to end, by us or by the peer, ends in an error of the iterator too.
      if (this.state !== 'Sta1' && this.state !== 'Sta13') onFault(error);
    }
    for (const timer of [this.#artim, this.#pdu, this.#idle]) timer.stop();
    await this.#perform('Evt17');
    socket.destroy();
  }

  /** Resolves when the peer took what was sent, or is gone; a peer that reads nothing is idle. */
  async drained(): Promise<void> {
    const { socket } = this.#options;
    if (!socket.writableNeedDrain) return;
    this.#idle.start();
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }

  connect(): void {
    this.#options.connect?.();
  }

  send(pdu: Pdu): void {
    const { socket } = this.#options;
    if (!socket.writable) return;
    socket.cork();
    for (const piece of encodePdu(pdu)) socket.write(piece);
    socket.uncork();
  }

  close(): void {
    this.#options.socket.destroySoon();
  }

  startArtim(): void {
    this.#artim.start();
  }

  stopArtim(): void {
    this.#artim.stop();
  }

  indicate(indication: Indication): void {
    this.#indications.push(indication);
  }

  async #take(chunk: Buffer): Promise<void> {
    if (this.#meaningless) return;
    const { ended } = this.#reader;
    this.#awaited();
    try {
      for (const pdu of this.#reader.push(chunk)) await this.#perform(received[pdu.type], pdu);
    } catch (error) {
      await this.#fail(error);
    }
    if (this.#reader.ended !== ended) this.#pduWaited = 0;
    this.#await();
  }

  /** From here on, time passes at the peer's expense. */
  #await(): void {
    this.#waitingSince = Date.now();
    this.#idle.start();
    if (this.#reader.partial) this.#pdu.start(this.#pduWaited);
  }

  /** From here on, at ours: a handler that is slow is no fault of the peer. */
  #awaited(): void {
    this.#pduWaited += (Date.now() - this.#waitingSince) / 1000;
    this.#idle.stop();
    this.#pdu.stop();
  }

  async #fail(error: unknown): Promise<void> {
    const { socket, onFault } = this.#options;
    onFault(error);
    this.#meaningless = true;
    await this.#perform('Evt19', abortPdu(error instanceof InvalidPdu ? error.reason : 'not-specified'));
    socket.end();
    deadline(lingerSeconds, () => socket.destroy()).start();
  }

  #giveUp(reason: string): void {
    this.#options.onFault(new Error(reason));
    this.request('Evt15');
  }

  /** The state is the new one before an indication is heard, since its hearer may answer with a request. */
  async #perform(event: Event, pdu?: Pdu): Promise<void> {
    this.request(event, pdu);
    for (let next = this.#indications.shift(); next; next = this.#indications.shift())
      await this.#options.onIndication(next);
  }
}
