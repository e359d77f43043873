/**
 * The upper layer's state machine as the standard prints it: event, state, action.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.2.3.html (Table 9-10)
 */

/**
 * Sta1 idle; Sta2 connected, awaiting A-ASSOCIATE-RQ; Sta3 awaiting the local answer to it; Sta4 connecting; Sta5 awaiting
 * A-ASSOCIATE-AC or -RJ; Sta6 established; Sta7 awaiting A-RELEASE-RP; Sta8 awaiting the local answer to A-RELEASE-RQ;
 * Sta9 to Sta12 both sides released at once; Sta13 awaiting the connection's end.
 */
export type State = `Sta${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13}`;

/** What each event is (PS3.8 9.2.2). */
export const events = {
  Evt1: 'A-ASSOCIATE request',
  Evt2: 'transport connection confirmed',
  Evt3: 'A-ASSOCIATE-AC received',
  Evt4: 'A-ASSOCIATE-RJ received',
  Evt5: 'transport connection indicated',
  Evt6: 'A-ASSOCIATE-RQ received',
  Evt7: 'A-ASSOCIATE response (accept)',
  Evt8: 'A-ASSOCIATE response (reject)',
  Evt9: 'P-DATA request',
  Evt10: 'P-DATA-TF received',
  Evt11: 'A-RELEASE request',
  Evt12: 'A-RELEASE-RQ received',
  Evt13: 'A-RELEASE-RP received',
  Evt14: 'A-RELEASE response',
  Evt15: 'A-ABORT request',
  Evt16: 'A-ABORT received',
  Evt17: 'transport connection closed',
  Evt18: 'ARTIM timer expired',
  Evt19: 'unrecognized or invalid PDU received',
} as const;
export type Event = keyof typeof events;

export type ActionName =
  | `AE-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `DT-${1 | 2}`
  | `AR-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `AA-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`;

type Row = Readonly<Partial<Record<State, ActionName>>>;

/** The answer to a PDU that does not belong there, once an association exists or is being made. */
const unexpected = {
  Sta2: 'AA-1',
  Sta3: 'AA-8',
  Sta5: 'AA-8',
  Sta6: 'AA-8',
  Sta7: 'AA-8',
  Sta8: 'AA-8',
  Sta9: 'AA-8',
  Sta10: 'AA-8',
  Sta11: 'AA-8',
  Sta12: 'AA-8',
  Sta13: 'AA-6',
} as const satisfies Row;

/** The same action in every state from Sta5 to Sta12. */
function established(action: ActionName): Row {
  const states = ['Sta5', 'Sta6', 'Sta7', 'Sta8', 'Sta9', 'Sta10', 'Sta11', 'Sta12'] as const;
  return Object.fromEntries(states.map((state) => [state, action]));
}

/** Empty cells of the standard's table are absent: there the event cannot happen, or is a mistake of ours. */
export const transitions: Readonly<Record<Event, Row>> = {
  Evt1: { Sta1: 'AE-1' },
  Evt2: { Sta4: 'AE-2' },
  Evt3: { ...unexpected, Sta5: 'AE-3' },
  Evt4: { ...unexpected, Sta5: 'AE-4' },
  Evt5: { Sta1: 'AE-5' },
  Evt6: { ...unexpected, Sta2: 'AE-6', Sta13: 'AA-7' },
  Evt7: { Sta3: 'AE-7' },
  Evt8: { Sta3: 'AE-8' },
  Evt9: { Sta6: 'DT-1', Sta8: 'AR-7' },
  Evt10: { ...unexpected, Sta6: 'DT-2', Sta7: 'AR-6' },
  Evt11: { Sta6: 'AR-1' },
  Evt12: { ...unexpected, Sta6: 'AR-2', Sta7: 'AR-8' },
  Evt13: { ...unexpected, Sta7: 'AR-3', Sta10: 'AR-10', Sta11: 'AR-3' },
  Evt14: { Sta8: 'AR-4', Sta9: 'AR-9', Sta12: 'AR-4' },
  Evt15: { Sta3: 'AA-1', Sta4: 'AA-2', ...established('AA-1') },
  Evt16: { Sta2: 'AA-2', Sta3: 'AA-3', ...established('AA-3'), Sta13: 'AA-2' },
  Evt17: { Sta2: 'AA-5', Sta3: 'AA-4', Sta4: 'AA-4', ...established('AA-4'), Sta13: 'AR-5' },
  Evt18: { Sta2: 'AA-2', Sta13: 'AA-2' },
  Evt19: { ...unexpected, Sta13: 'AA-7' },
};
