/** A closed-loop HTTP load: N clients on kept-alive connections, each sending its next request when its answer is whole. */
import { Agent, request } from 'node:http';

export interface Shot {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Load {
  readonly origin: string;
  readonly clients: number;
  /** How many requests in all. */
  readonly count: number;
  readonly shot: (index: number) => Shot;
  readonly expect: number;
}

export interface Measured {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

function send(origin: string, agent: Agent, shot: Shot): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${origin}${shot.path}`,
      {
        method: shot.method,
        agent,
        headers: {
          ...shot.headers,
          ...(shot.body === undefined ? {} : { 'content-length': Buffer.byteLength(shot.body) }),
        },
      },
      (incoming) => {
        incoming.on('error', reject);
        incoming.on('end', () => resolve(incoming.statusCode ?? 0));
        incoming.resume();
      },
    );
    outgoing.on('error', reject);
    outgoing.end(shot.body);
  });
}

const quantile = (sorted: Float64Array, share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

/** Sends the load; an unexpected status is an error, so that only successes are ever timed. */
export async function drive({ origin, clients, count, shot, expect }: Load): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times = new Float64Array(count);
  let next = 0;
  const client = async () => {
    for (let index = next++; index < count; index = next++) {
      const begin = performance.now();
      const status = await send(origin, agent, shot(index));
      times[index] = performance.now() - begin;
      if (status !== expect) throw new Error(`Status ${status} instead of ${expect} for ${shot(index).path}`);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - begin) / 1000;
  agent.destroy();
  times.sort();
  return { perSecond: count / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
