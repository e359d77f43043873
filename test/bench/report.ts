/** What a benchmark says: one JSON line a figure, and a table of ratios at the end. */

export interface Figure {
  readonly suite: string;
  /** What of the suite: `16 clients`, `code, 40 % of all`. */
  readonly what: string;
  /** What `floor` and `ours` count: `requests/s`, `ms`. */
  readonly unit: string;
  /** The other side: the floor, or what the suite is compared with. Medians over the rounds, both sides in turn in one run. */
  readonly floor: number;
  readonly ours: number;
  /** ours / floor where more is better, and floor / ours where less is; a difference where the bar is one. */
  readonly ratio: number;
  /** The bar of docs/performance.md, in the words of the ratio. */
  readonly bar: string;
  /** Milliseconds, of ours. */
  readonly p50?: number;
  readonly p99?: number;
}

/** The median; of an even number, the upper one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function printFigure(figure: Figure): void {
  process.stdout.write(`${JSON.stringify(figure)}\n`);
}

const digits = (value: number | undefined) => (value === undefined ? '' : value.toFixed(Math.abs(value) < 100 ? 2 : 0));

export function printTable(figures: readonly Figure[]): void {
  console.table(
    figures.map(({ suite, what, unit, floor, ours, ratio, bar, p50, p99 }) => ({
      suite,
      what,
      unit,
      floor: digits(floor),
      ours: digits(ours),
      ratio: digits(ratio),
      bar,
      'p50 ms': digits(p50),
      'p99 ms': digits(p99),
    })),
  );
}
