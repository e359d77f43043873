/**
 * npm run bench:rivals -- [--rival hapi | --base http://host:port/fhir [--server PID,..] [--database PID,..]] [--java -Dvalidate=true]
 *   [--suite read,create,update,transaction,search] [--clients 1,16,64] [--rounds 5] [--warmup 1] [--count 600] [--resources 50000]
 *   [--folder FOLDER]
 * Our server and another one in turn on this machine, the same resources in both; docs/rivals.md. A named folder is kept and not
 * filled again. One JSON line a figure, a table in Markdown at the end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Duel, duel, warm } from './duel.ts';
import { fill, recordsOf } from './fill.ts';
import { measures } from './measures.ts';
import { attach, folders, type ServerSide, startHapi, startOurs } from './sides.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    rival: { type: 'string', default: 'hapi' },
    base: { type: 'string' },
    server: { type: 'string', default: '' },
    database: { type: 'string', default: '' },
    java: { type: 'string', multiple: true, default: [] },
    suite: { type: 'string', default: 'read,create,update,transaction,search' },
    clients: { type: 'string', default: '1,16,64' },
    rounds: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '1' },
    count: { type: 'string', default: '600' },
    resources: { type: 'string', default: '50000' },
    folder: { type: 'string' },
  },
});

const numbers = (text: string) => text.split(',').filter(Boolean).map(Number);

async function startRival(folder: string): Promise<ServerSide> {
  if (values.base) return attach(values.base, numbers(values.server), numbers(values.database));
  if (values.rival === 'hapi') return startHapi(folders(folder).hapi, values.java);
  throw new Error(`No rival ${values.rival}; there is hapi, and --base for one that runs.`);
}

async function play(sides: readonly ServerSide[]): Promise<readonly Duel[]> {
  const resources = Number(values.resources);
  for (const side of sides) await fill(side, resources);
  const chosen = values.suite.split(',');
  const all = measures(numbers(values.clients), Number(values.count), recordsOf(resources)).filter(({ suite }) =>
    chosen.includes(suite),
  );
  const played: Duel[] = [];
  await warm(sides, all);
  for (const measure of all) {
    for await (const one of duel(sides, measure, { rounds: Number(values.rounds), warmUp: Number(values.warmup) })) {
      process.stdout.write(`${JSON.stringify(one)}\n`);
      played.push(one);
    }
  }
  return played;
}

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'livedoc-rivals-')));
const sides: ServerSide[] = [];
async function end(): Promise<void> {
  for (const side of sides.splice(0)) await side.stop();
  if (!values.folder) await rm(folder, { recursive: true, force: true });
}
process.once('SIGINT', () => void end());
process.once('SIGTERM', () => void end());
try {
  sides.push(await startOurs(folders(folder).ours));
  sides.push(await startRival(folder));
  process.stdout.write(table(await play([...sides])));
} finally {
  await end();
}
