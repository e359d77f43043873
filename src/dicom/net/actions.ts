/**
 * The state machine's actions, each one a function named as in the standard's tables 9-6 to 9-9: does its work, gives the
 * next state. https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.2.2.html
 */
import { type AssociateRj, type AssociateRq, abortPdu, type Pdu, rejectPdu } from './pdu.ts';
import type { ActionName, State } from './state-table.ts';

/** What the service-user is told. */
export type Indication =
  | {
      readonly primitive: 'A-ASSOCIATE indication' | 'A-ASSOCIATE confirmation' | 'P-DATA indication';
      readonly pdu: Pdu;
    }
  | { readonly primitive: 'A-RELEASE indication' | 'A-RELEASE confirmation' }
  | { readonly primitive: 'A-ABORT indication' | 'A-P-ABORT indication'; readonly pdu?: Pdu };

/** What an action may do to the connection it works on. */
export interface Connection {
  /** Whether this side asked for the association. */
  readonly requestor: boolean;
  connect(): void;
  send(pdu: Pdu): void;
  close(): void;
  startArtim(): void;
  stopArtim(): void;
  indicate(indication: Indication): void;
}

/**
 * `pdu` is the one that was received or, for a request of the service-user, the one to send; for Evt19 it is the
 * A-ABORT that says what was wrong.
 */
export type Action = (connection: Connection, pdu?: Pdu) => State;

/** PS3.8 9.3.2: bit 0 of the protocol version is version 1, the only one there is. */
function refusalOf({ protocolVersion }: AssociateRq): AssociateRj | undefined {
  return (protocolVersion & 1) === 0 ? rejectPdu('protocol-version-not-supported') : undefined;
}

function send(connection: Connection, pdu: Pdu | undefined): void {
  if (pdu) connection.send(pdu);
}

function indicate(connection: Connection, primitive: 'P-DATA indication' | 'A-ASSOCIATE confirmation', pdu?: Pdu) {
  if (pdu) connection.indicate({ primitive, pdu });
}

export const actions: Readonly<Record<ActionName, Action>> = {
  'AE-1': (connection) => {
    connection.connect();
    return 'Sta4';
  },
  'AE-2': (connection, pdu) => {
    send(connection, pdu);
    return 'Sta5';
  },
  'AE-3': (connection, pdu) => {
    indicate(connection, 'A-ASSOCIATE confirmation', pdu);
    return 'Sta6';
  },
  'AE-4': (connection, pdu) => {
    indicate(connection, 'A-ASSOCIATE confirmation', pdu);
    connection.close();
    return 'Sta1';
  },
  'AE-5': (connection) => {
    connection.startArtim();
    return 'Sta2';
  },
  'AE-6': (connection, pdu) => {
    connection.stopArtim();
    if (pdu?.type !== 'A-ASSOCIATE-RQ') return 'Sta2';
    const refusal = refusalOf(pdu);
    if (!refusal) {
      connection.indicate({ primitive: 'A-ASSOCIATE indication', pdu });
      return 'Sta3';
    }
    connection.send(refusal);
    connection.startArtim();
    return 'Sta13';
  },
  'AE-7': (connection, pdu) => {
    send(connection, pdu);
    return 'Sta6';
  },
  'AE-8': (connection, pdu) => {
    send(connection, pdu);
    connection.startArtim();
    return 'Sta13';
  },
  'DT-1': (connection, pdu) => {
    send(connection, pdu);
    return 'Sta6';
  },
  'DT-2': (connection, pdu) => {
    indicate(connection, 'P-DATA indication', pdu);
    return 'Sta6';
  },
  'AR-1': (connection) => {
    connection.send({ type: 'A-RELEASE-RQ' });
    return 'Sta7';
  },
  'AR-2': (connection) => {
    connection.indicate({ primitive: 'A-RELEASE indication' });
    return 'Sta8';
  },
  'AR-3': (connection) => {
    connection.indicate({ primitive: 'A-RELEASE confirmation' });
    connection.close();
    return 'Sta1';
  },
  'AR-4': (connection) => {
    connection.send({ type: 'A-RELEASE-RP' });
    connection.startArtim();
    return 'Sta13';
  },
  'AR-5': (connection) => {
    connection.stopArtim();
    return 'Sta1';
  },
  'AR-6': (connection, pdu) => {
    indicate(connection, 'P-DATA indication', pdu);
    return 'Sta7';
  },
  'AR-7': (connection, pdu) => {
    send(connection, pdu);
    return 'Sta8';
  },
  'AR-8': (connection) => {
    connection.indicate({ primitive: 'A-RELEASE indication' });
    return connection.requestor ? 'Sta9' : 'Sta10';
  },
  'AR-9': (connection) => {
    connection.send({ type: 'A-RELEASE-RP' });
    return 'Sta11';
  },
  'AR-10': (connection) => {
    connection.indicate({ primitive: 'A-RELEASE confirmation' });
    return 'Sta12';
  },
  'AA-1': (connection) => {
    connection.send({ type: 'A-ABORT', source: 0, reason: 0 });
    connection.startArtim();
    return 'Sta13';
  },
  'AA-2': (connection) => {
    connection.stopArtim();
    connection.close();
    return 'Sta1';
  },
  'AA-3': (connection, pdu) => {
    const byUser = pdu?.type === 'A-ABORT' && pdu.source === 0;
    connection.indicate({
      primitive: byUser ? 'A-ABORT indication' : 'A-P-ABORT indication',
      ...(pdu ? { pdu } : {}),
    });
    connection.close();
    return 'Sta1';
  },
  'AA-4': (connection) => {
    connection.indicate({ primitive: 'A-P-ABORT indication' });
    return 'Sta1';
  },
  'AA-5': (connection) => {
    connection.stopArtim();
    return 'Sta1';
  },
  'AA-6': () => 'Sta13',
  'AA-7': (connection, pdu) => {
    connection.send(pdu?.type === 'A-ABORT' ? pdu : abortPdu('unexpected-pdu'));
    return 'Sta13';
  },
  'AA-8': (connection, pdu) => {
    const abort = pdu?.type === 'A-ABORT' ? pdu : abortPdu('unexpected-pdu');
    connection.send(abort);
    connection.indicate({ primitive: 'A-P-ABORT indication', pdu: abort });
    connection.startArtim();
    return 'Sta13';
  },
};
