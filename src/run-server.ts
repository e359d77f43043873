/** The server as a process: says when it is ready, drains on SIGTERM and SIGINT, and exits 0. */
import { loadConfig } from './config.ts';
import { serve } from './serve.ts';
import { createLogger } from './shared/logger.ts';

/** A second signal while draining means now. */
const signals = ['SIGTERM', 'SIGINT'] as const;

/** Resolves when a signal comes; the next one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => {
        for (const next of signals) process.once(next, () => process.exit(1));
        resolve(signal);
      });
    }
  });
}

/** Runs until a signal; throws ConfigError, or what kept a part from starting. */
export async function runServer(env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env);
  const log = createLogger(config.LIVEDOC_LOG);
  const signalled = untilSignal();
  const running = await serve(config, log);
  if (running.administrator) {
    const { email, password } = running.administrator;
    process.stdout.write(`First administrator: ${email}, password ${password} (shown only now)\n`);
  }
  // Other programs wait for this line; its form is part of the interface.
  process.stdout.write(`LIVEDOC ready: ${running.publicUrl} dimse ${running.dimsePort}\n`);
  log.info('stopping', { signal: await signalled });
  await running.close();
}
