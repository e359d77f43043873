/** What a benchmark says: one JSON line a figure, and a table of ratios to the floor at the end. */

export interface Figure {
  readonly suite: string;
  readonly clients: number;
  /** Requests a second of the floor and of ours: medians over the rounds, both sides in turn in one run. */
  readonly floor: number;
  readonly ours: number;
  /** Milliseconds, of ours. */
  readonly p50: number;
  readonly p99: number;
  /** The first bar of docs/performance.md. */
  readonly bar: number;
}

/** The median; of an even number, the upper one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function printFigure(figure: Figure): void {
  process.stdout.write(`${JSON.stringify({ ...figure, ratio: figure.ours / figure.floor })}\n`);
}

export function printTable(figures: readonly Figure[]): void {
  const rows = figures.map(({ suite, clients, floor, ours, p50, p99, bar }) => ({
    suite,
    clients,
    'floor /s': Math.round(floor),
    'ours /s': Math.round(ours),
    ratio: (ours / floor).toFixed(2),
    bar,
    'p50 ms': p50.toFixed(2),
    'p99 ms': p99.toFixed(2),
  }));
  console.table(rows);
}
