/** One measure of two sides in turn, A B B A, many small rounds: throughput, times, and processor time for a request. */
import { drive, type Measured } from '../load.ts';
import { median } from '../report.ts';
import type { Measure, Requests } from './measures.ts';
import { processorTime, settled } from './processor.ts';
import type { ServerSide } from './sides.ts';

export interface Result extends Measured {
  /** Milliseconds of processor time for a request, of the server's processes and of PostgreSQL's; NaN where they are not known. */
  readonly server: number;
  readonly database: number;
  /** What one request was answered: how many entries, or the status where it was not the expected one. */
  readonly answer: string;
}

export interface Duel {
  readonly suite: string;
  readonly what: string;
  readonly clients: number;
  readonly sides: Readonly<Record<string, Result>>;
}

interface Round extends Measured {
  readonly server: number;
  readonly database: number;
}

async function playRound(side: ServerSide, measure: Measure, clients: number, requests: Requests): Promise<Round> {
  const { origin, pathname } = new URL(side.base);
  const common = await side.headers();
  const count = clients === 1 ? Math.max(2, Math.ceil(measure.count / 4)) : measure.count;
  const used = () => ({ server: processorTime(side.server), database: processorTime(side.database) });
  const before = used();
  const measured = await drive({
    origin,
    clients,
    count,
    expect: measure.expect,
    shot: (index) => {
      const shot = requests(index);
      return { ...shot, path: `${pathname}${shot.path}`, headers: { ...common, ...shot.headers } };
    },
  });
  // What is done behind the answers is paid by the side itself, and not by the next one's clock.
  await settled([...side.server, ...side.database]);
  const after = used();
  return {
    ...measured,
    server: side.server.length ? (after.server - before.server) / count : Number.NaN,
    database: side.database.length ? (after.database - before.database) / count : Number.NaN,
  };
}

/** Sends one request and says what came: `20 of 5000`, `refused: 400`. */
async function probe(side: ServerSide, measure: Measure, requests: Requests): Promise<string> {
  const shot = requests(0);
  const answer = await fetch(`${side.base}${shot.path}`, {
    method: shot.method,
    headers: { ...(await side.headers()), ...shot.headers },
    ...(shot.body === undefined ? {} : { body: shot.body }),
  });
  const text = await answer.text();
  if (answer.status !== measure.expect) {
    process.stderr.write(
      `${side.name} answers ${answer.status} to ${shot.method} ${shot.path}: ${text.slice(0, 500)}\n`,
    );
    return `refused: ${answer.status}`;
  }
  if (measure.suite !== 'search') return 'ok';
  const { entry = [], total } = JSON.parse(text) as { entry?: unknown[]; total?: number };
  return total === undefined ? `${entry.length}` : `${entry.length} of ${total}`;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function summary(rounds: readonly Round[], answer: string): Result {
  const over = (key: keyof Measured) => median(rounds.map((round) => round[key]));
  return {
    perSecond: over('perSecond'),
    p50: over('p50'),
    p99: over('p99'),
    // The kernel counts in hundredths of a second: the mean over all rounds is finer than a median of them.
    server: mean(rounds.map(({ server }) => server)),
    database: mean(rounds.map(({ database }) => database)),
    answer,
  };
}

interface Player {
  readonly side: ServerSide;
  readonly begin: () => Requests;
  readonly answer: string;
}

async function rounds(players: readonly Player[], measure: Measure, clients: number, plan: Plan) {
  const played = new Map(players.map(({ side }) => [side.name, [] as Round[]]));
  for (let number = 0; number < plan.rounds + plan.warmUp; number += 1) {
    for (const { side, begin } of number % 2 ? [...players].reverse() : players) {
      const round = await playRound(side, measure, clients, begin());
      if (number >= plan.warmUp) played.get(side.name)?.push(round);
    }
  }
  return played;
}

/** One round of everything, not counted: a compiler that works while a server runs has then seen all of its code. */
export async function warm(sides: readonly ServerSide[], measures: readonly Measure[]): Promise<void> {
  for (const measure of measures) {
    for (const side of sides) {
      const begin = measure.begin();
      const answer = await probe(side, measure, begin());
      if (!answer.startsWith('refused')) await playRound(side, measure, Math.max(...measure.clients), begin());
    }
  }
}

export interface Plan {
  /** Rounds that count, of each side. */
  readonly rounds: number;
  /** Rounds before them, that do not. */
  readonly warmUp: number;
}

/** Plays a measure with each number of clients. A side that refuses the request is not timed. */
export async function* duel(sides: readonly ServerSide[], measure: Measure, plan: Plan): AsyncGenerator<Duel> {
  const players: Player[] = [];
  for (const side of sides) {
    const begin = measure.begin();
    players.push({ side, begin, answer: await probe(side, measure, begin()) });
  }
  const willing = players.filter(({ answer }) => !answer.startsWith('refused'));
  for (const clients of new Set(measure.clients)) {
    const played = await rounds(willing, measure, clients, plan);
    yield {
      suite: measure.suite,
      what: measure.what,
      clients,
      sides: Object.fromEntries(
        players.map(({ side, answer }) => [side.name, summary(played.get(side.name) ?? [], answer)]),
      ),
    };
  }
}
