/** The acceptor as its peers meet it. https://dicom.nema.org/medical/dicom/current/output/chtml/part08/chapter_9.html */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { DimseLimits, Verdict } from '../../../src/dicom/net/acceptor.ts';
import { decodeCommand } from '../../../src/dicom/net/command-set.ts';
import type { Pdu } from '../../../src/dicom/net/pdu.ts';
import { type DimseServer, listenDimse } from '../../../src/dicom/net/scp.ts';
import { associate } from '../../../src/dicom/net/scu.ts';
import type { Peer, StoreSink } from '../../../src/dicom/net/services.ts';
import { verification } from '../../../src/dicom/net/storage-classes.ts';
import { silent } from '../../../src/shared/logger.ts';
import { associateRq, commandPdu, dataPdu, rawPeer } from '../../support/dimse.ts';
import { computedRadiography, explicitLittle, implicitLittle, radiographInstance } from '../../support/radiograph.ts';

const servers: DimseServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ drainSeconds: 0 })));
});

interface Given {
  readonly limits?: Partial<DimseLimits>;
  readonly mayAssociate?: (peer: Peer) => Promise<Verdict>;
  readonly write?: StoreSink['write'];
  readonly end?: StoreSink['end'];
}

/** A listener whose sinks note what they get. */
async function listen({ limits = {}, mayAssociate = async () => 'accepted', write, end }: Given = {}) {
  const heard: string[] = [];
  let bytes = 0;
  const server = await listenDimse({
    host: '127.0.0.1',
    port: 0,
    aeTitle: 'LIVEDOC',
    mayAssociate,
    log: silent,
    limits,
    onStore: async ({ sopInstance }) => ({
      write(chunk) {
        bytes += chunk.length;
        return write?.(chunk);
      },
      async end() {
        heard.push(`stored ${sopInstance}`);
        return end ? end() : { name: 'success' };
      },
      async abort() {
        heard.push(`aborted ${sopInstance}`);
      },
    }),
  });
  servers.push(server);
  return { server, heard, received: () => bytes };
}

const contexts = [
  { abstractSyntax: verification, transferSyntaxes: [implicitLittle] },
  { abstractSyntax: computedRadiography, transferSyntaxes: [explicitLittle] },
];

function open(port: number, more: Partial<Parameters<typeof associate>[0]> = {}) {
  return associate({ host: '127.0.0.1', port, calling: 'PACS', called: 'LIVEDOC', contexts, ...more });
}

/** A raw peer with an association. */
async function associated(port: number) {
  const peer = await rawPeer(port);
  peer.send(associateRq());
  expect(await peer.next()).toMatchObject({ type: 'A-ASSOCIATE-AC' });
  return peer;
}

function responseOf(pdu: Pdu | undefined) {
  if (pdu?.type !== 'P-DATA-TF') throw new Error(`No response but ${pdu?.type ?? 'an end'}`);
  return decodeCommand(pdu.pdvs[0]?.data ?? Buffer.alloc(0));
}

const aborted = { type: 'A-ABORT', source: 2 };

describe('an association', () => {
  it('echoes, stores and releases', async () => {
    const { server, heard } = await listen();
    const association = await open(server.port);
    const instance = radiographInstance();
    expect(await association.echo()).toEqual({ status: 0 });
    expect(await association.store(instance)).toEqual({ status: 0 });
    await association.release();
    expect(heard).toEqual([`stored ${instance.sopInstance}`]);
  });

  it.each([16_384, 131_072, 262_144])('moves every byte with PDUs of %i', async (maxLength) => {
    const pieces: Buffer[] = [];
    const { server } = await listen({ limits: { maxLength }, write: (chunk) => void pieces.push(chunk) });
    const association = await open(server.port);
    const bytes = Buffer.from(Uint32Array.from({ length: 250_000 }, (_, at) => at * 2_654_435_761).buffer);
    const instance = { ...radiographInstance(), bytes: [bytes.subarray(0, 333_333), bytes.subarray(333_333)] };
    expect(await association.store(instance)).toEqual({ status: 0 });
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    await association.release();
  });

  it('answers requests that are sent without waiting, in order', async () => {
    const { server } = await listen({ end: async () => sleep(20, { name: 'success' }) });
    const peer = await associated(server.port);
    const echo = { field: 0x0030, sopClass: verification, hasData: false };
    const store = { field: 0x0001, messageId: 2, sopClass: computedRadiography, sopInstance: '1.2.3', hasData: true };
    peer.send(commandPdu(1, { ...echo, messageId: 1 }), commandPdu(3, store), dataPdu(3, Buffer.alloc(10), true));
    peer.send(commandPdu(1, { ...echo, messageId: 3 }), { type: 'A-RELEASE-RQ' });
    const responses = [responseOf(await peer.next()), responseOf(await peer.next()), responseOf(await peer.next())];
    expect(responses.map(({ field, respondedTo, status }) => [field, respondedTo, status])).toEqual([
      [0x8030, 1, 0],
      [0x8001, 2, 0],
      [0x8030, 3, 0],
    ]);
    expect(await peer.next()).toEqual({ type: 'A-RELEASE-RP' });
  });

  it('passes over a cancellation and answers what it does not know with 0211', async () => {
    const { server } = await listen();
    const peer = await associated(server.port);
    peer.send(commandPdu(1, { field: 0x0fff, respondedTo: 1, hasData: false }));
    peer.send(commandPdu(1, { field: 0x0130, messageId: 5, hasData: true }), dataPdu(1, Buffer.alloc(8), true));
    expect(responseOf(await peer.next())).toMatchObject({ field: 0x8130, respondedTo: 5, status: 0x0211 });
    peer.send(commandPdu(1, { field: 0x0030, messageId: 6, hasData: false }));
    expect(responseOf(await peer.next())).toMatchObject({ field: 0x8030, status: 0 });
  });

  it('answers 0122 for a SOP class that is not that of its context, and drops the data set', async () => {
    const { server, heard } = await listen();
    const peer = await associated(server.port);
    const command = { field: 0x0001, messageId: 1, sopClass: verification, sopInstance: '1.2.3', hasData: true };
    peer.send(commandPdu(3, command), dataPdu(3, Buffer.alloc(8), true));
    expect(responseOf(await peer.next())).toMatchObject({ status: 0x0122, sopInstance: '1.2.3' });
    expect(heard).toEqual([]);
  });

  it('answers 0110 when the handler fails, and goes on', async () => {
    const { server } = await listen({ end: () => Promise.reject(new Error('no')) });
    const association = await open(server.port);
    expect(await association.store(radiographInstance())).toEqual({ status: 0x0110 });
    expect(await association.echo()).toEqual({ status: 0 });
    await association.release();
  });

  it('drops an instance whose sender goes away in the middle', async () => {
    const { server, heard } = await listen();
    const command = { field: 0x0001, messageId: 1, sopClass: computedRadiography, sopInstance: '1.2.3', hasData: true };
    const rude = await associated(server.port);
    rude.send(commandPdu(3, command), dataPdu(3, Buffer.alloc(1000), false));
    await sleep(30);
    rude.socket.destroy();
    const polite = await associated(server.port);
    polite.send(commandPdu(3, { ...command, sopInstance: '1.2.4' }), dataPdu(3, Buffer.alloc(1000), false));
    polite.send({ type: 'A-ABORT', source: 0, reason: 0 });
    await polite.closed();
    await sleep(30);
    expect(heard.sort()).toEqual(['aborted 1.2.3', 'aborted 1.2.4']);
  });
});

describe('presentation contexts', () => {
  it('of CT and of an unsupported transfer syntax are refused on their own', async () => {
    const { server } = await listen();
    const ct = '1.2.840.10008.5.1.4.1.1.2';
    const mpeg2 = '1.2.840.10008.1.2.4.100';
    const more = [
      { abstractSyntax: ct, transferSyntaxes: [explicitLittle] },
      { abstractSyntax: computedRadiography, transferSyntaxes: [mpeg2] },
    ];
    const association = await open(server.port, { contexts: [...contexts, ...more] });
    expect(association.contexts.map(({ id }) => id)).toEqual([1, 3]);
    await expect(association.store(radiographInstance({ SOPClassUID: ct }))).rejects.toMatchObject({
      kind: 'no-context',
    });
    await expect(association.store({ ...radiographInstance(), transferSyntax: mpeg2 })).rejects.toMatchObject({
      kind: 'no-context',
    });
    expect(await association.store(radiographInstance())).toEqual({ status: 0 });
    await association.release();
  });

  it('that were not accepted end the association when they are used', async () => {
    const { server } = await listen();
    const peer = await associated(server.port);
    peer.send(commandPdu(9, { field: 0x0030, messageId: 1, hasData: false }));
    expect(await peer.next()).toMatchObject(aborted);
  });
});

describe('admission', () => {
  it.each<[string, Given, Partial<Parameters<typeof associate>[0]>]>([
    ['calling-ae-title-not-recognized', { mayAssociate: async () => 'calling-ae-title-not-recognized' }, {}],
    ['called-ae-title-not-recognized', {}, { called: 'livedoc' }],
    ['temporary-congestion', { mayAssociate: () => Promise.reject(new Error('database')) }, {}],
  ])('rejects with %s', async (reason, given, options) => {
    const { server } = await listen(given);
    await expect(open(server.port, options)).rejects.toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining(reason),
    });
  });

  it('rejects another application context and another protocol version', async () => {
    const { server } = await listen();
    for (const [changes, reason] of [
      [{ applicationContext: '1.2.3' }, { result: 1, source: 1, reason: 2 }],
      [{ protocolVersion: 2 }, { result: 1, source: 2, reason: 2 }],
    ] as const) {
      const peer = await rawPeer(server.port);
      peer.send(associateRq(changes));
      expect(await peer.next()).toEqual({ type: 'A-ASSOCIATE-RJ', ...reason });
    }
  });

  it('hears calling title, called title and address', async () => {
    const asked: Peer[] = [];
    const mayAssociate = async (peer: Peer): Promise<Verdict> => {
      asked.push(peer);
      return 'accepted';
    };
    const { server } = await listen({ mayAssociate });
    await (await open(server.port)).release();
    expect(asked).toEqual([{ calling: 'PACS', called: 'LIVEDOC', address: '127.0.0.1' }]);
  });

  it('limits the associations of one title and of all, and lets new ones in when old ones end', async () => {
    const { server } = await listen({ limits: { associationsPerAe: 1, associations: 2 } });
    const limit = { message: expect.stringContaining('local-limit-exceeded') };
    const first = await open(server.port, { calling: 'A' });
    await expect(open(server.port, { calling: 'A' })).rejects.toMatchObject(limit);
    const second = await open(server.port, { calling: 'B' });
    await expect(open(server.port, { calling: 'C' })).rejects.toMatchObject(limit);
    await first.release();
    await sleep(50);
    await (await open(server.port, { calling: 'C' })).release();
    await second.release();
  });
});

describe('a hostile peer', () => {
  it.each([
    ['a PDU of 4 GiB before any association', Buffer.from('0100ffffffff', 'hex'), false],
    ['a P-DATA-TF of 4 GiB', Buffer.from('0400ffffffff', 'hex'), true],
    ['no DICOM at all', Buffer.from('GET / HTTP/1.1\r\n\r\n'), false],
  ])('that sends %s gets an A-ABORT and is cut off, and others are served', async (_, bytes, after) => {
    const { server } = await listen();
    const peer = after ? await associated(server.port) : await rawPeer(server.port);
    peer.write(bytes);
    expect(await peer.next()).toMatchObject({ type: 'A-ABORT' });
    expect(await peer.closed()).toBeLessThan(3000);
    expect(await (await open(server.port)).echo()).toEqual({ status: 0 });
  });

  it('that is silent after connecting is cut off by ARTIM', async () => {
    const { server } = await listen({ limits: { artimSeconds: 0.2 } });
    const peer = await rawPeer(server.port);
    expect(await peer.closed()).toBeLessThan(1000);
  });

  it('that sends its A-ASSOCIATE-RQ byte by byte is cut off by ARTIM', async () => {
    const { server } = await listen({ limits: { artimSeconds: 0.2 } });
    const peer = await rawPeer(server.port);
    const drip = setInterval(() => peer.write(Buffer.of(1)), 20);
    expect(await peer.closed()).toBeLessThan(1000);
    clearInterval(drip);
  });

  it('that never ends a PDU is aborted', async () => {
    const { server } = await listen({ limits: { pduSeconds: 0.2, artimSeconds: 0.2 } });
    const peer = await associated(server.port);
    peer.write(Buffer.from('040000001000', 'hex'));
    const drip = setInterval(() => peer.write(Buffer.of(0)), 20);
    expect(await peer.next()).toMatchObject({ type: 'A-ABORT' });
    await peer.closed();
    clearInterval(drip);
  });

  it('that is silent in its association is aborted', async () => {
    const { server } = await listen({ limits: { idleSeconds: 0.2, artimSeconds: 0.2 } });
    const peer = await associated(server.port);
    expect(await peer.next()).toMatchObject({ type: 'A-ABORT' });
    expect(await peer.closed()).toBeLessThan(2000);
  });

  it('that opens many connections and says nothing takes only its own share', async () => {
    const { server } = await listen({ limits: { waitingPerAddress: 2 } });
    const peers = await Promise.all([1, 2, 3, 4].map(() => rawPeer(server.port)));
    await Promise.all(peers.slice(2).map((peer) => peer.closed()));
    expect(peers.filter(({ socket }) => !socket.destroyed)).toHaveLength(2);
  });
});

describe('backpressure', () => {
  it('reads no more than a little while the sink is slow', async () => {
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { server, received } = await listen({ write: () => blocked });
    const association = await open(server.port);
    let sent = 0;
    const chunk = Buffer.alloc(1_000_000);
    async function* bytes() {
      for (; sent < 60; sent++) yield chunk;
    }
    const stored = association.store({ ...radiographInstance(), bytes: bytes() });
    await sleep(500);
    expect(received()).toBeLessThan(300_000);
    // What the two kernels hold between them, no more.
    expect(sent).toBeLessThan(20);
    release();
    expect(await stored).toEqual({ status: 0 });
    expect(received()).toBe(60_000_000);
  });

  it('does not count the time that the sink takes as silence of the peer', async () => {
    const { server } = await listen({ limits: { idleSeconds: 0.1 }, end: async () => sleep(400, { name: 'success' }) });
    const association = await open(server.port);
    expect(await association.store(radiographInstance())).toEqual({ status: 0 });
    await association.release();
  });
});

describe('closing', () => {
  it('lets an instance under way finish, takes no new association, and ends', async () => {
    const { server, heard } = await listen({ end: async () => sleep(300, { name: 'success' }) });
    const association = await open(server.port);
    const idle = await open(server.port, { calling: 'IDLE' });
    const stored = association.store(radiographInstance());
    await sleep(50);
    const closed = server.close({ drainSeconds: 10 });
    await expect(open(server.port)).rejects.toMatchObject({ kind: 'aborted' });
    expect(await stored).toEqual({ status: 0 });
    await closed;
    expect(heard).toHaveLength(1);
    await expect(idle.echo()).rejects.toMatchObject({ kind: 'closed' });
  });

  it('aborts what is not finished in time', async () => {
    const { server, heard } = await listen();
    const peer = await associated(server.port);
    const command = { field: 0x0001, messageId: 1, sopClass: computedRadiography, sopInstance: '1.2.3', hasData: true };
    peer.send(commandPdu(3, command), dataPdu(3, Buffer.alloc(10), false));
    await sleep(30);
    await server.close({ drainSeconds: 0.2 });
    expect(await peer.next()).toMatchObject({ type: 'A-ABORT' });
    expect(heard).toEqual(['aborted 1.2.3']);
  });
});
