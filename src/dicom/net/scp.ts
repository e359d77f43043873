/**
 * The acceptor of associations: listens, admits, serves, drains.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/chapter_7.html
 */
import { createServer, type Socket } from 'node:net';
import type { Logger } from '../../shared/logger.ts';
import { type Acceptor, acceptSocket, type DimseLimits, type Verdict } from './acceptor.ts';
import type { OnStore, Peer } from './services.ts';

const defaults: DimseLimits = {
  associations: 64,
  associationsPerAe: 16,
  waiting: 256,
  waitingPerAddress: 32,
  maxLength: 262_144,
  artimSeconds: 30,
  pduSeconds: 60,
  idleSeconds: 300,
};

interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The called AE title that is ours; compared with case, as PS3.5 AE is. */
  readonly aeTitle: string;
  /** Asked after our own limits and title; what it throws is a transient rejection. */
  readonly mayAssociate: (peer: Peer) => Promise<Verdict>;
  readonly onStore: OnStore;
  readonly log: Logger;
  readonly limits?: Partial<DimseLimits>;
}

export interface DimseServer {
  readonly port: number;
  /** Takes no more associations, lets those that work finish for so long, then aborts the rest. */
  close(options: { readonly drainSeconds: number }): Promise<void>;
}

/** Longest wait for handlers of associations that were aborted: what they wait for has limits of its own. */
const abortedMilliseconds = 5000;

/** How often a draining server looks whether associations are quiet, milliseconds. */
const drainPoll = 50;

/** Connections without an association, of all peers and of one address, so that silence takes no peer's place. */
function tooMany(acceptors: ReadonlySet<Acceptor>, address: string, limits: DimseLimits): boolean {
  const idle = [...acceptors].filter((acceptor) => !acceptor.peer);
  const ofAddress = idle.filter((acceptor) => acceptor.address === address);
  return idle.length >= limits.waiting || ofAddress.length >= limits.waitingPerAddress;
}

/** Resolves when it listens; rejects when it cannot (port taken). */
export async function listenDimse(options: ListenOptions): Promise<DimseServer> {
  const { host, port, aeTitle, mayAssociate, onStore, log } = options;
  const limits = { ...defaults, ...options.limits };
  const acceptors = new Set<Acceptor>();
  let closing = false;

  const admit = async (peer: Peer): Promise<Verdict> => {
    const established = [...acceptors].filter((acceptor) => acceptor.peer);
    const ofAe = established.filter((acceptor) => acceptor.peer?.calling === peer.calling);
    if (closing) return 'temporary-congestion';
    if (peer.called !== aeTitle) return 'called-ae-title-not-recognized';
    // The asking one is among them.
    if (established.length > limits.associations || ofAe.length > limits.associationsPerAe)
      return 'local-limit-exceeded';
    return mayAssociate(peer).catch((error: unknown) => {
      log.error('A peer could not be looked up', { ...peer, error });
      return 'temporary-congestion' as const;
    });
  };

  const serve = async (socket: Socket): Promise<void> => {
    const address = socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
    if (tooMany(acceptors, address, limits)) {
      log.warn('DIMSE connection refused: too many', { address });
      socket.destroy();
      return;
    }
    const acceptor = acceptSocket({ socket, address, limits, admit, onStore, log });
    acceptors.add(acceptor);
    await acceptor.done;
    acceptors.delete(acceptor);
  };

  const server = createServer({ noDelay: true }, (socket) => void serve(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  server.on('error', (error) => log.error('DIMSE listener failed', { error }));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : port,
    async close({ drainSeconds }) {
      closing = true;
      const stopped = new Promise((resolve) => server.close(resolve));
      const deadline = Date.now() + drainSeconds * 1000;
      while (acceptors.size > 0 && Date.now() < deadline + abortedMilliseconds) {
        for (const acceptor of acceptors) if (acceptor.quiet || Date.now() >= deadline) acceptor.abort();
        await new Promise((resolve) => setTimeout(resolve, drainPoll));
      }
      await stopped;
    },
  };
}
