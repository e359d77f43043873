/** PS3.8 Table 9-10, printed once more by hand, and the actions of tables 9-6 to 9-9. */
import { describe, expect, it } from 'vitest';
import { actions, type Connection } from '../../../../src/dicom/net/actions.ts';
import { type AssociateRq, abortPdu, type Pdu } from '../../../../src/dicom/net/pdu.ts';
import { type ActionName, type Event, events, type State, transitions } from '../../../../src/dicom/net/state-table.ts';

const states = Array.from({ length: 13 }, (_, at) => `Sta${at + 1}` as State);

/** Columns Sta1 to Sta13; a dash is an empty cell. */
const printed: Readonly<Record<Event, string>> = {
  Evt1: 'AE-1 - - - - - - - - - - - -',
  Evt2: '- - - AE-2 - - - - - - - - -',
  Evt3: '- AA-1 AA-8 - AE-3 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  Evt4: '- AA-1 AA-8 - AE-4 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  Evt5: 'AE-5 - - - - - - - - - - - -',
  Evt6: '- AE-6 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
  Evt7: '- - AE-7 - - - - - - - - - -',
  Evt8: '- - AE-8 - - - - - - - - - -',
  Evt9: '- - - - - DT-1 - AR-7 - - - - -',
  Evt10: '- AA-1 AA-8 - AA-8 DT-2 AR-6 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  Evt11: '- - - - - AR-1 - - - - - - -',
  Evt12: '- AA-1 AA-8 - AA-8 AR-2 AR-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-6',
  Evt13: '- AA-1 AA-8 - AA-8 AA-8 AR-3 AA-8 AA-8 AR-10 AR-3 AA-8 AA-6',
  Evt14: '- - - - - - - AR-4 AR-9 - - AR-4 -',
  Evt15: '- - AA-1 AA-2 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 AA-1 -',
  Evt16: '- AA-2 AA-3 - AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-3 AA-2',
  Evt17: '- AA-5 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AA-4 AR-5',
  Evt18: '- AA-2 - - - - - - - - - - AA-2',
  Evt19: '- AA-1 AA-8 - AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-8 AA-7',
};

describe('Table 9-10', () => {
  it.each(Object.keys(events) as Event[])('has the printed row of %s', (event) => {
    expect(states.map((state) => transitions[event][state] ?? '-').join(' ')).toBe(printed[event]);
  });
});

const rq: AssociateRq = {
  type: 'A-ASSOCIATE-RQ',
  protocolVersion: 1,
  called: 'LIVEDOC',
  calling: 'PACS',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [],
  user: { maxLength: 16_384 },
};
const { contexts: _, ...common } = rq;
const ac: Pdu = { ...common, type: 'A-ASSOCIATE-AC', contexts: [] };
const rj: Pdu = { type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 3 };
const data: Pdu = { type: 'P-DATA-TF', pdvs: [] };
const abortByUser: Pdu = { type: 'A-ABORT', source: 0, reason: 0 };

/** Runs an action and writes down what it did. */
function perform(name: ActionName, pdu?: Pdu, requestor = false): string[] {
  const done: string[] = [];
  const said = (sent: Pdu) => (sent.type === 'A-ABORT' ? `${sent.type} ${sent.source}/${sent.reason}` : sent.type);
  const connection: Connection = {
    requestor,
    connect: () => done.push('connect'),
    send: (sent) => done.push(`send ${said(sent)}`),
    close: () => done.push('close'),
    startArtim: () => done.push('start ARTIM'),
    stopArtim: () => done.push('stop ARTIM'),
    indicate: ({ primitive }) => done.push(primitive),
  };
  const next = actions[name](connection, pdu);
  return [...done, next];
}

describe('the actions', () => {
  it.each<[ActionName, Pdu | undefined, string[]]>([
    ['AE-1', undefined, ['connect', 'Sta4']],
    ['AE-2', rq, ['send A-ASSOCIATE-RQ', 'Sta5']],
    ['AE-3', ac, ['A-ASSOCIATE confirmation', 'Sta6']],
    ['AE-4', rj, ['A-ASSOCIATE confirmation', 'close', 'Sta1']],
    ['AE-5', undefined, ['start ARTIM', 'Sta2']],
    ['AE-6', rq, ['stop ARTIM', 'A-ASSOCIATE indication', 'Sta3']],
    ['AE-6', { ...rq, protocolVersion: 2 }, ['stop ARTIM', 'send A-ASSOCIATE-RJ', 'start ARTIM', 'Sta13']],
    ['AE-7', ac, ['send A-ASSOCIATE-AC', 'Sta6']],
    ['AE-8', rj, ['send A-ASSOCIATE-RJ', 'start ARTIM', 'Sta13']],
    ['DT-1', data, ['send P-DATA-TF', 'Sta6']],
    ['DT-2', data, ['P-DATA indication', 'Sta6']],
    ['AR-1', undefined, ['send A-RELEASE-RQ', 'Sta7']],
    ['AR-2', undefined, ['A-RELEASE indication', 'Sta8']],
    ['AR-3', undefined, ['A-RELEASE confirmation', 'close', 'Sta1']],
    ['AR-4', undefined, ['send A-RELEASE-RP', 'start ARTIM', 'Sta13']],
    ['AR-5', undefined, ['stop ARTIM', 'Sta1']],
    ['AR-6', data, ['P-DATA indication', 'Sta7']],
    ['AR-7', data, ['send P-DATA-TF', 'Sta8']],
    ['AR-9', undefined, ['send A-RELEASE-RP', 'Sta11']],
    ['AR-10', undefined, ['A-RELEASE confirmation', 'Sta12']],
    ['AA-1', rq, ['send A-ABORT 0/0', 'start ARTIM', 'Sta13']],
    ['AA-2', undefined, ['stop ARTIM', 'close', 'Sta1']],
    ['AA-3', abortByUser, ['A-ABORT indication', 'close', 'Sta1']],
    ['AA-3', abortPdu('not-specified'), ['A-P-ABORT indication', 'close', 'Sta1']],
    ['AA-4', undefined, ['A-P-ABORT indication', 'Sta1']],
    ['AA-5', undefined, ['stop ARTIM', 'Sta1']],
    ['AA-6', data, ['Sta13']],
    ['AA-7', rq, ['send A-ABORT 2/2', 'Sta13']],
    ['AA-8', ac, ['send A-ABORT 2/2', 'A-P-ABORT indication', 'start ARTIM', 'Sta13']],
    ['AA-8', abortPdu('unrecognized-pdu'), ['send A-ABORT 2/1', 'A-P-ABORT indication', 'start ARTIM', 'Sta13']],
  ])('%s does what its table says', (name, pdu, expected) => {
    expect(perform(name, pdu)).toEqual(expected);
  });

  it('AR-8 leads the requestor to Sta9 and the acceptor to Sta10', () => {
    expect(perform('AR-8', undefined, true)).toEqual(['A-RELEASE indication', 'Sta9']);
    expect(perform('AR-8', undefined, false)).toEqual(['A-RELEASE indication', 'Sta10']);
  });
});
