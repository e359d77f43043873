#!/usr/bin/env node
/** The server alone: what `npm start` runs. */
import { runServer } from './run-server.ts';

runServer(process.env).catch((error: unknown) => {
  process.stderr.write(`livedoc: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
