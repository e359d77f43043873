/** What a suite gets, and the one way in which ours is compared with the floor: in turn, medians over the rounds. */
import type pg from 'pg';
import { drive, type Load, type Measured } from './load.ts';
import { type Figure, median } from './report.ts';

export interface Bench {
  /** Origins of the two servers. */
  readonly floor: string;
  readonly ours: string;
  readonly database: pg.Pool;
  /** A fresh access token (they last five minutes). */
  readonly token: () => Promise<string>;
  readonly rounds: number;
  readonly clients: readonly number[];
  /** Requests a round of 16 clients; a single client sends a quarter. */
  readonly count: number;
}

export type Suite = (bench: Bench) => AsyncIterable<Figure>;

type Side = Pick<Load, 'shot' | 'expect'>;

/** Requests that warm both sides up before anything is counted: a server runs for weeks, its compiled code is what is asked about. */
const warmUp = 8000;

/** Rounds of floor and ours in turn, for each number of clients; the first round of each is not counted. */
export async function* compare(
  bench: Bench,
  suite: string,
  bar: number,
  sides: (token: string) => { readonly floor: Side; readonly ours: Side },
): AsyncGenerator<Figure> {
  const cold = sides(await bench.token());
  await drive({ origin: bench.floor, clients: 16, count: warmUp, ...cold.floor });
  await drive({ origin: bench.ours, clients: 16, count: warmUp, ...cold.ours });
  for (const clients of bench.clients) {
    const count = clients === 1 ? Math.ceil(bench.count / 4) : bench.count;
    const floor: Measured[] = [];
    const ours: Measured[] = [];
    for (let round = 0; round <= bench.rounds; round += 1) {
      const side = sides(await bench.token());
      floor.push(await drive({ origin: bench.floor, clients, count, ...side.floor }));
      ours.push(await drive({ origin: bench.ours, clients, count, ...side.ours }));
    }
    const over = (measured: readonly Measured[], key: keyof Measured) =>
      median(measured.slice(1).map((one) => one[key]));
    yield {
      suite,
      clients,
      floor: over(floor, 'perSecond'),
      ours: over(ours, 'perSecond'),
      p50: over(ours, 'p50'),
      p99: over(ours, 'p99'),
      bar,
    };
  }
}
