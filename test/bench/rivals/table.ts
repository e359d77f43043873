/** The figures as a table in Markdown: ours against the other side. */
import type { Duel, Result } from './duel.ts';

const digits = (value: number | undefined) => {
  if (value === undefined || Number.isNaN(value)) return '';
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
};

const cost = (result: Result | undefined) =>
  result === undefined ? Number.NaN : result.server + (Number.isNaN(result.database) ? 0 : result.database);

function row({ suite, what, clients, sides }: Duel): readonly string[] {
  const [ours, other] = Object.values(sides);
  const times = (of: (result: Result) => number, turned = false) => {
    if (!ours || !other) return '';
    return digits(turned ? of(other) / of(ours) : of(ours) / of(other));
  };
  return [
    `${suite}: ${what}`,
    `${clients}`,
    digits(ours?.perSecond),
    digits(other?.perSecond),
    times(({ perSecond }) => perSecond),
    `${digits(ours?.p50)} / ${digits(ours?.p99)}`,
    `${digits(other?.p50)} / ${digits(other?.p99)}`,
    `${digits(ours?.server)} + ${digits(ours?.database)}`,
    `${digits(other?.server)} + ${digits(other?.database)}`,
    times(cost, true),
    ours?.answer === other?.answer ? `${ours?.answer}` : `${ours?.answer} / ${other?.answer}`,
  ];
}

/** `faster` is our throughput over theirs, `cheaper` their processor time over ours. */
export function table(duels: readonly Duel[]): string {
  const [ours = 'ours', other = 'other'] = Object.keys(duels[0]?.sides ?? {});
  const head = [
    'what',
    'clients',
    `${ours} /s`,
    `${other} /s`,
    'faster',
    `${ours} p50 / p99 ms`,
    `${other} p50 / p99 ms`,
    `${ours} processor ms, server + PostgreSQL`,
    `${other} processor ms`,
    'cheaper',
    'entries',
  ];
  const lines = [head, head.map(() => '---'), ...duels.map(row)];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}
