/** One of the processes that answer HTTP: it shares the port with the others, and ends with the main process. */
import type { Config } from './config.ts';
import { createMetrics, type Figures } from './http/metrics.ts';
import { listenHttp, openHttpPart } from './http-part.ts';
import { Closers, openParts } from './open-parts.ts';
import { openReceive } from './open-receive.ts';
import { createLogger } from './shared/logger.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

const closers = new Closers();
/** Who waits to be told what all processes counted. */
const asking: ((all: readonly Figures[]) => void)[] = [];
const metrics = createMetrics({
  process: `http-${process.pid}`,
  all: () =>
    new Promise((resolve) => {
      asking.push(resolve);
      tell({ type: 'ask' });
    }),
});
let given: Config | undefined;
let listening: ReturnType<typeof listenHttp> | undefined;
let opening: Promise<void> | undefined;

function tell(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function fail(error: unknown): void {
  tell({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

async function open(config: Config): Promise<void> {
  const log = createLogger(config.LIVEDOC_LOG);
  const parts = await openParts(config, closers, log);
  const receive = await openReceive(config, parts, log);
  const listener = await openHttpPart({ config, parts, receive, metrics, log }, closers);
  (await listening)?.use(listener);
  tell({ type: 'open' });
}

/** Drains first: requests under way need all that is closed after. */
async function close(): Promise<void> {
  await opening;
  await (await listening)?.close({ drainSeconds: given?.LIVEDOC_DRAIN_TIMEOUT_S ?? 0 });
  await closers.close(createLogger(given?.LIVEDOC_LOG ?? 'warn'));
  process.exit(0);
}

process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'listen':
      // The listening port is shared: all workers together listen once. It is known before the database is.
      given = message.config;
      listening = listenHttp(given);
      listening.catch(fail);
      break;
    case 'open':
      opening = open(Object.freeze(message.config)).catch(fail);
      break;
    case 'count':
      tell({ type: 'figures', figures: metrics.figures() });
      break;
    case 'counted':
      for (const resolve of asking.splice(0)) resolve(message.all);
      break;
    case 'close':
      void close();
  }
});
// The main process decides when to end; Ctrl-C in a terminal reaches everybody.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without the main process nobody would ever tell us to end.
process.once('disconnect', () => void close());
// node:cluster listens before we do, so that what was said until now is lost.
tell({ type: 'started' });
