/** The server's side of the reading process: one image at a time, with limits on time and memory, started anew after a crash. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Logger } from '../shared/logger.ts';
import type { KnownModel } from './ai-device.ts';
import type { ImageFacts } from './image-facts.ts';
import type { FromReader, ReaderSettings, ToReader } from './reader-messages.ts';
import type { LookedAt, NotReadReason } from './reading.ts';

export interface ReaderOptions {
  readonly settings: ReaderSettings;
  /** The built reader-process.js. */
  readonly entry: URL;
  /** Of node, for an entry that is not built: `--import tsx`. */
  readonly execArgv?: readonly string[];
  /** Longest time of one image. */
  readonly timeoutSeconds: number;
  /** Most memory of the process, model included. */
  readonly memoryMib: number;
  readonly log: Logger;
}

/** The image took the reading process with it; after a few of these it must not be tried again. */
export class ReaderCrash extends Error {
  readonly reason: Extract<NotReadReason, `reader-${string}`>;
  /** What the header said, when the process got that far. */
  facts: ImageFacts | undefined;

  constructor(reason: ReaderCrash['reason'], message: string) {
    super(message);
    this.name = 'ReaderCrash';
    this.reason = reason;
  }
}

// Loading a model takes about a second; a cold disk and a busy machine are given much more.
const OPEN_SECONDS = 60;
const WATCH_MS = 100;
const PAGE_BYTES = 4096;

export class Reader {
  readonly model: KnownModel;
  readonly #options: ReaderOptions;
  #process: ChildProcess | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Why the process could not be started again. */
  #failure: string | undefined;

  private constructor(options: ReaderOptions, process: ChildProcess, model: KnownModel) {
    this.#options = options;
    this.#process = process;
    this.model = model;
  }

  /** Starts the process and loads the model; fails when the model cannot be loaded. */
  static async start(options: ReaderOptions): Promise<Reader> {
    const { process, model } = await open(options);
    return new Reader(options, process, model);
  }

  /** Looks at the image under a key of the object store. Throws ReaderCrash, or an Error when it is not the image's fault. */
  read(key: string): Promise<LookedAt> {
    if (this.#closed) return Promise.reject(new Error('The reader is closed.'));
    const turn = this.#last.then(() => this.#read(key));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Why no image can be read now; absent when one can. A process that ended is started again by the next image. */
  problem(): string | undefined {
    return this.#closed ? 'The reader is closed.' : this.#failure;
  }

  /** Ends the process after the image that it is looking at. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    const process = this.#process;
    if (process?.connected) {
      const ended = new Promise((resolve) => process.once('exit', resolve));
      process.disconnect();
      await ended;
    }
  }

  async #read(key: string): Promise<LookedAt> {
    const process = await this.#opened();
    const { timeoutSeconds, memoryMib, log } = this.#options;
    try {
      const reply = await ask(process, { type: 'read', key }, { seconds: timeoutSeconds, memoryMib });
      if (reply.type !== 'looked')
        throw new Error(reply.type === 'failed' ? reply.message : 'The reader lost its place.');
      return reply.result;
    } catch (error) {
      if (error instanceof ReaderCrash) {
        log.warn('the reading process had to be ended', { key, reason: error.reason });
        this.#process = undefined;
      }
      throw error;
    }
  }

  async #opened(): Promise<ChildProcess> {
    if (this.#process?.connected) return this.#process;
    try {
      this.#process = (await open(this.#options)).process;
      this.#failure = undefined;
      return this.#process;
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      // Not this image's fault: as an Error of another kind it does not count against it.
      throw new Error(`The reading process does not start: ${this.#failure}`, { cause: error });
    }
  }
}

async function open(options: ReaderOptions): Promise<{ process: ChildProcess; model: KnownModel }> {
  const { entry, memoryMib, settings, execArgv = [] } = options;
  const process = fork(entry, {
    serialization: 'advanced',
    execArgv: [...execArgv, `--max-old-space-size=${memoryMib}`],
  });
  const reply = await ask(process, { type: 'open', settings }, { seconds: OPEN_SECONDS, memoryMib });
  if (reply.type === 'ready') return { process, model: reply };
  process.disconnect();
  throw new Error(reply.type === 'failed' ? reply.message : 'The reading process did not open.');
}

/** Sends one message and waits for its answer; the process is killed when it passes a limit. */
function ask(
  process: ChildProcess,
  message: ToReader,
  { seconds, memoryMib }: { readonly seconds: number; readonly memoryMib: number },
): Promise<FromReader> {
  return new Promise((resolve, reject) => {
    let ending: ReaderCrash | undefined;
    let facts: ImageFacts | undefined;
    const end = (crash: ReaderCrash) => {
      ending = crash;
      process.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(new ReaderCrash('reader-timeout', `More than ${seconds} s.`)), seconds * 1000);
    const watch = setInterval(() => {
      void residentMib(process.pid).then((mib) => {
        if (mib > memoryMib) end(new ReaderCrash('reader-memory', `${mib} MiB, more than ${memoryMib}.`));
      });
    }, WATCH_MS);
    const settle = () => {
      clearTimeout(timer);
      clearInterval(watch);
      process.off('message', onMessage);
      process.off('exit', onExit);
      process.off('error', onExit);
    };
    const onMessage = (reply: FromReader) => {
      if (reply.type === 'facts') {
        facts = reply.facts;
        return;
      }
      settle();
      resolve(reply);
    };
    const onExit = (code: unknown, signal?: unknown) => {
      settle();
      const crash = ending ?? new ReaderCrash('reader-crash', `The process ended: ${String(signal ?? code)}.`);
      crash.facts = facts;
      reject(crash);
    };
    process.on('message', onMessage);
    process.on('exit', onExit);
    process.on('error', onExit);
    process.send(message);
  });
}

/** What the process holds of memory, native libraries and buffers included; 0 where /proc does not tell. */
async function residentMib(pid: number | undefined): Promise<number> {
  try {
    const [, pages = '0'] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
    return Math.round((Number(pages) * PAGE_BYTES) / 2 ** 20);
  } catch {
    return 0;
  }
}
