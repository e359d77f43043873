/** What the DIMSE listener is given: who may associate, and where instances go. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { Verdict } from '../dicom/net/acceptor.ts';
import type { OnStore, Peer } from '../dicom/net/services.ts';
import { findPeer } from '../store/dicom/peers.ts';
import type { Store } from '../store/store.ts';
import { receive } from './receive.ts';
import type { ReceiveOptions } from './reception.ts';

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

async function isOneOf(address: string, host: string): Promise<boolean> {
  const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true });
  const list = new BlockList();
  for (const one of found) list.addAddress(one.address, family(one.address));
  return list.check(address, family(address));
}

/** Admits peers of the allow-list that come from their host; any other one is told that its title is not recognized. */
export function admitPeer(store: Store): (peer: Peer) => Promise<Verdict> {
  return async ({ calling, address }) => {
    const known = await findPeer(store.db, calling);
    if (!known) return 'calling-ae-title-not-recognized';
    const fits = known.host === '*' || (await isOneOf(address, known.host));
    return fits ? 'accepted' : 'calling-ae-title-not-recognized';
  };
}

/** The listener's C-STORE handler. */
export function receiveDimse(options: ReceiveOptions): OnStore {
  return async ({ calling, address, sopClass, sopInstance, transferSyntax }) => {
    const sender = { route: 'DIMSE', client: { name: calling }, address } as const;
    const sink = await receive(options, { sender, announced: { sopClass, sopInstance, transferSyntax } });
    return {
      write: (bytes) => sink.write(bytes),
      end: async () => (await sink.end()).status,
      abort: () => sink.abort(),
    };
  };
}
