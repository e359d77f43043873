/**
 * The processes that answer HTTP, seen from the main process: started together, started again when one ends, asked for
 * their figures, and drained. They share one port, as node:cluster gives connections to each in turn.
 * https://nodejs.org/api/cluster.html
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import type { Figures } from './http/metrics.ts';
import type { Logger } from './shared/logger.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

export interface HttpWorkersOptions {
  readonly config: Config;
  /** The built http-worker.js. */
  readonly entry: URL;
  readonly log: Logger;
}

/**
 * Heap of a worker, MiB. No worker needs nearly so much; but below 2 GiB V8 lets its heap grow in smaller steps, with which a
 * worker holds two thirds of the memory after large Bundles, and ingest takes a twentieth longer.
 */
const heapMib = 1900;

/** A worker that ends again at once is started again later and later, milliseconds. */
const firstPause = 100;
const longestPause = 30_000;
/** One that ran so long had started well. */
const wellAfter = 60_000;
/** A worker that is too busy to say what it counted is left out, milliseconds. */
const countPatience = 2000;
/** Beyond the drain, for closing what is open. */
const closePatience = 10_000;

export class HttpWorkers {
  readonly port: number;
  readonly #options: HttpWorkersOptions;
  readonly #workers = new Set<Worker>();
  readonly #counting = new Set<(worker: Worker, figures: Figures) => void>();
  /** With the database's address; absent until it is there. */
  #open: Config | undefined;
  #closing = false;
  #pause = firstPause;

  private constructor(options: HttpWorkersOptions, port: number, workers: readonly Worker[]) {
    this.#options = options;
    this.port = port;
    for (const worker of workers) this.#watch(worker);
  }

  /** Starts the processes; they listen, and answer 503 until `open`. Rejects when they cannot listen. */
  static async start(options: HttpWorkersOptions): Promise<HttpWorkers> {
    // What the main process was started with comes last, and wins.
    const execArgv = [`--max-old-space-size=${heapMib}`, ...process.execArgv];
    cluster.setupPrimary({ exec: options.entry.pathname, args: [], execArgv });
    const workers = Array.from({ length: options.config.workers }, () => forkOne(options.config));
    const ports = await Promise.all(workers.map(portOf));
    return new HttpWorkers(options, ports[0] ?? 0, workers);
  }

  /** Lets the workers open their parts; resolves when all answer. */
  async open(config: Config): Promise<void> {
    this.#open = config;
    await Promise.all([...this.#workers].map((worker) => openOne(worker, config)));
  }

  /** What each worker counted. */
  async figures(): Promise<readonly Figures[]> {
    const asked = new Set(this.#workers);
    const found: Figures[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, countPatience);
      const counting = this.#counting;
      function note(worker: Worker, figures: Figures): void {
        if (!asked.delete(worker)) return;
        found.push(figures);
        if (asked.size === 0) done();
      }
      function done(): void {
        clearTimeout(timer);
        counting.delete(note);
        resolve();
      }
      counting.add(note);
      for (const worker of asked) send(worker, { type: 'count' });
    });
    return found;
  }

  /** Drains and ends all of them. */
  async close(): Promise<void> {
    this.#closing = true;
    const ended = [...this.#workers].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    for (const worker of this.#workers) send(worker, { type: 'close' });
    const late = setTimeout(
      () => {
        for (const worker of this.#workers) worker.process.kill('SIGKILL');
      },
      this.#options.config.LIVEDOC_DRAIN_TIMEOUT_S * 1000 + closePatience,
    );
    await Promise.all(ended);
    clearTimeout(late);
  }

  #watch(worker: Worker): void {
    const started = Date.now();
    this.#workers.add(worker);
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'figures') for (const note of this.#counting) note(worker, message.figures);
      if (message.type === 'ask') void this.#answer(worker);
      if (message.type === 'failed') this.#options.log.error('an HTTP worker could not open', { ...message });
    });
    worker.once('exit', (code, signal) => {
      this.#workers.delete(worker);
      if (this.#closing) return;
      this.#options.log.error('an HTTP worker ended and is started again', { code, signal });
      void this.#startAgain(Date.now() - started);
    });
  }

  async #answer(worker: Worker): Promise<void> {
    const all = await this.figures();
    send(worker, { type: 'counted', all });
  }

  async #startAgain(ran: number): Promise<void> {
    this.#pause = ran > wellAfter ? firstPause : Math.min(this.#pause * 2, longestPause);
    await sleep(this.#pause, undefined, { ref: false });
    if (this.#closing) return;
    const worker = forkOne(this.#options.config);
    this.#watch(worker);
    await once(worker, 'listening');
    if (this.#open) await openOne(worker, this.#open).catch(() => worker.process.kill('SIGKILL'));
  }
}

function forkOne(config: Config): Worker {
  const worker = cluster.fork();
  worker.on('message', ({ type }: FromWorker) => {
    if (type === 'started') send(worker, { type: 'listen', config });
  });
  return worker;
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}

function portOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('listening', ({ port }) => resolve(port));
    worker.once('exit', (code) => reject(new Error(`An HTTP worker could not listen; it ended with ${code}.`)));
  });
}

function openOne(worker: Worker, config: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('exit', (code) => reject(new Error(`An HTTP worker ended with ${code} while it opened.`)));
    const heard = (message: FromWorker): void => {
      if (message.type === 'open') resolve();
      else if (message.type === 'failed') reject(new Error(message.message));
      else return;
      worker.off('message', heard);
    };
    worker.on('message', heard);
    send(worker, { type: 'open', config });
  });
}
