/** The built server as a process of its own, as an administrator runs it: for tests of starting, stopping and dying, and for benchmarks. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export interface LiveServer {
  readonly origin: string;
  readonly dimsePort: number;
  readonly process: ChildProcess;
  /** The environment it runs in: what a CLI command against it needs too. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything that it has printed. */
  output(): string;
  /** SIGTERM; resolves with the exit code when the process is gone. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

const startMilliseconds = 90_000;

/** Starts dist/main.js with free ports; resolves when it says that it is ready, rejects with its output when it ends before. */
export async function startLiveServer(given: Readonly<Record<string, string>>): Promise<LiveServer> {
  const env = {
    LIVEDOC_HTTP_PORT: '0',
    LIVEDOC_DIMSE_PORT: '0',
    LIVEDOC_HTTP_HOST: '127.0.0.1',
    LIVEDOC_DIMSE_HOST: '127.0.0.1',
    // The same on every machine.
    LIVEDOC_WORKERS: '2',
    ...given,
  };
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const ready = new Promise<{ origin: string; dimsePort: number }>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`;
      const found = /^LIVEDOC ready: (https?:\S+) dimse (\d+)$/.exec(line);
      if (found?.[1] && found[2]) resolve({ origin: found[1], dimsePort: Number(found[2]) });
    });
    void exited.then((code) => reject(new Error(`The server ended with ${code}:\n${output}`)));
    setTimeout(() => reject(new Error(`The server was not ready in time:\n${output}`)), startMilliseconds).unref();
  });
  const { origin, dimsePort } = await ready;
  return {
    origin,
    dimsePort,
    process: child,
    env,
    output: () => output,
    stop() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs `livedoc ARGUMENTS` in the environment of a server; gives its standard output. */
export async function livedoc(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli.js', ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
  });
  return stdout;
}
