/** What a suite gets, and the one way in which two sides are compared: in turn, medians over the rounds. */
import type pg from 'pg';
import type { LiveServer } from '../support/live-server.ts';
import { drive, type Load, type Measured } from './load.ts';
import { type Figure, median } from './report.ts';

export interface Bench {
  /** Origin of the floor. */
  readonly floor: string;
  /** Origin of our server. */
  readonly ours: string;
  readonly server: LiveServer;
  /** What the server was started with, for another start of it. */
  readonly settings: Readonly<Record<string, string>>;
  readonly database: pg.Pool;
  /** A fresh access token (they last five minutes). */
  readonly token: () => Promise<string>;
  readonly rounds: number;
  readonly clients: readonly number[];
  /** Requests a round of 16 clients; a single client sends a quarter. */
  readonly count: number;
  /** How many resources the server holds before searches are timed. */
  readonly resources: number;
}

export type Suite = (bench: Bench) => AsyncIterable<Figure>;

export type Side = Pick<Load, 'origin' | 'shot' | 'expect'>;
type Sides = (token: string) => { readonly floor: Side; readonly ours: Side };

/** Requests that warm both sides up before anything is counted: a server runs for weeks, its compiled code is what is asked about. */
const warmUp = 8000;

export const fhirHeaders = (token: string) => ({
  'content-type': 'application/fhir+json',
  authorization: `Bearer ${token}`,
});

/** Both sides in turn, `rounds` times; the first round of each is not counted. */
export async function inTurn(
  bench: Bench,
  load: Pick<Load, 'clients' | 'count'>,
  sides: Sides,
): Promise<{ readonly floor: Measured; readonly ours: Measured }> {
  const floor: Measured[] = [];
  const ours: Measured[] = [];
  for (let round = 0; round <= bench.rounds; round += 1) {
    const side = sides(await bench.token());
    floor.push(await drive({ ...load, ...side.floor }));
    ours.push(await drive({ ...load, ...side.ours }));
  }
  const middle = (all: readonly Measured[]): Measured => {
    const over = (key: keyof Measured) => median(all.slice(1).map((one) => one[key]));
    return { perSecond: over('perSecond'), p50: over('p50'), p99: over('p99') };
  };
  return { floor: middle(floor), ours: middle(ours) };
}

/** Rounds of two sides in turn, for each number of clients, after both were warmed up. */
export async function* compare(bench: Bench, suite: string, bar: number, sides: Sides): AsyncGenerator<Figure> {
  const cold = sides(await bench.token());
  await drive({ clients: 16, count: warmUp, ...cold.floor });
  await drive({ clients: 16, count: warmUp, ...cold.ours });
  for (const clients of bench.clients) {
    const count = clients === 1 ? Math.ceil(bench.count / 4) : bench.count;
    const { floor, ours } = await inTurn(bench, { clients, count }, sides);
    yield {
      suite,
      what: `${clients} client${clients === 1 ? '' : 's'}`,
      unit: 'requests/s',
      floor: floor.perSecond,
      ours: ours.perSecond,
      ratio: ours.perSecond / floor.perSecond,
      bar: `${bar}`,
      p50: ours.p50,
      p99: ours.p99,
    };
  }
}
