/** A peer that sends what it likes, and a listener that notes what it gets. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, encodeCommand } from '../../src/dicom/net/command-set.ts';
import { type AssociateRq, applicationContext, type Pdu } from '../../src/dicom/net/pdu.ts';
import { encodePdu } from '../../src/dicom/net/pdu-codec.ts';
import { PduReader } from '../../src/dicom/net/pdu-reader.ts';
import { verification } from '../../src/dicom/net/storage-classes.ts';
import { computedRadiography, explicitLittle, implicitLittle } from './radiograph.ts';

/** A-ASSOCIATE-RQ with Verification in context 1 and CR in context 3. */
export function associateRq(changes: Partial<AssociateRq> = {}): AssociateRq {
  return {
    type: 'A-ASSOCIATE-RQ',
    protocolVersion: 1,
    called: 'LIVEDOC',
    calling: 'PACS',
    applicationContext,
    contexts: [
      { id: 1, abstractSyntax: verification, transferSyntaxes: [implicitLittle] },
      { id: 3, abstractSyntax: computedRadiography, transferSyntaxes: [explicitLittle] },
    ],
    user: { maxLength: 16_384 },
    ...changes,
  };
}

export function commandPdu(context: number, command: Command): Pdu {
  return { type: 'P-DATA-TF', pdvs: [{ context, command: true, last: true, data: encodeCommand(command) }] };
}

export function dataPdu(context: number, data: Buffer, last: boolean): Pdu {
  return { type: 'P-DATA-TF', pdvs: [{ context, command: false, last, data }] };
}

export interface RawPeer {
  readonly socket: Socket;
  send(...pdus: readonly Pdu[]): void;
  /** Any bytes. */
  write(bytes: Buffer): void;
  /** The next PDU; undefined when the connection ended instead. */
  next(): Promise<Pdu | undefined>;
  /** Milliseconds until the other side closed. */
  closed(): Promise<number>;
}

export async function rawPeer(port: number): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const reader = new PduReader(1_000_000);
  const got: Pdu[] = [];
  let ended = false;
  socket.on('data', (chunk) => got.push(...reader.push(chunk)));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    ended = true;
  });
  const began = Date.now();
  return {
    socket,
    send(...pdus) {
      for (const pdu of pdus) socket.write(Buffer.concat(encodePdu(pdu)));
    },
    write: (bytes) => void socket.write(bytes),
    async next() {
      while (got.length === 0 && !ended) await sleep(2);
      return got.shift();
    },
    async closed() {
      while (!ended) await sleep(2);
      return Date.now() - began;
    },
  };
}
