/**
 * What the server counts, as Prometheus reads it.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Upper bounds, seconds: from a read in memory to a query at its time limit. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What one process counted; plain values, to be sent from one process to another. */
export interface Figures {
  /** Which process: `main`, `http-4711`. */
  readonly process: string;
  readonly series: Readonly<Record<string, SeriesFigures>>;
  readonly gauges: Readonly<Record<string, number>>;
}

interface SeriesFigures {
  /** Requests no slower than each bucket (not yet summed up). */
  readonly counts: readonly number[];
  /** Requests by status. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Seconds of all of them. */
  readonly sum: number;
  readonly total: number;
}

export interface Metrics {
  /** Counts one request; `name` is an interaction or a part of the server, never a path. */
  observe(name: string, status: number, seconds: number): void;
  /** What this process counted. */
  figures(): Figures;
  /** All figures of all processes in the text format. */
  text(): Promise<string>;
}

interface Series {
  readonly counts: number[];
  readonly byStatus: Record<string, number>;
  sum: number;
  total: number;
}

export interface MetricsOptions {
  readonly process?: string;
  /** Asks all processes that answer requests, this one too; without it there is but this one. */
  readonly all?: () => Promise<readonly Figures[]>;
}

export function createMetrics({ process: name = 'main', all }: MetricsOptions = {}): Metrics {
  const series = new Map<string, Series>();
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  function figures(): Figures {
    const p99 = delay.percentile(99) / 1e9;
    delay.reset();
    return { process: name, series: Object.fromEntries(series), gauges: gaugesOf(p99) };
  }
  return {
    observe(interaction, status, seconds) {
      const own = series.get(interaction) ?? newSeries();
      series.set(interaction, own);
      const at = buckets.findIndex((bound) => seconds <= bound);
      const slot = at < 0 ? buckets.length : at;
      own.counts[slot] = (own.counts[slot] ?? 0) + 1;
      own.byStatus[status] = (own.byStatus[status] ?? 0) + 1;
      own.sum += seconds;
      own.total += 1;
    },
    figures,
    async text() {
      const processes = all ? await all() : [figures()];
      return `${[...requestLines(summed(processes)), ...processLines(processes)].join('\n')}\n`;
    },
  };
}

function newSeries(): Series {
  return { counts: new Array<number>(buckets.length + 1).fill(0), byStatus: {}, sum: 0, total: 0 };
}

/** A request is counted by the process that answered it; who reads the figures asks about the server. */
function summed(processes: readonly Figures[]): ReadonlyMap<string, Series> {
  const all = new Map<string, Series>();
  for (const [name, figures] of processes.flatMap(({ series }) => Object.entries(series))) {
    const total = all.get(name) ?? newSeries();
    all.set(name, total);
    figures.counts.forEach((count, at) => {
      total.counts[at] = (total.counts[at] ?? 0) + count;
    });
    for (const [status, count] of Object.entries(figures.byStatus)) {
      total.byStatus[status] = (total.byStatus[status] ?? 0) + count;
    }
    total.sum += figures.sum;
    total.total += figures.total;
  }
  return all;
}

function requestLines(all: ReadonlyMap<string, Series>): string[] {
  const requests = [
    '# HELP livedoc_http_requests_total Answered requests.',
    '# TYPE livedoc_http_requests_total counter',
  ];
  const seconds = [
    '# HELP livedoc_http_request_seconds Time from request to answer.',
    '# TYPE livedoc_http_request_seconds histogram',
  ];
  for (const [name, { counts, byStatus, sum, total }] of all) {
    for (const [status, count] of Object.entries(byStatus)) {
      requests.push(`livedoc_http_requests_total{interaction="${name}",status="${status}"} ${count}`);
    }
    let upTo = 0;
    buckets.forEach((bound, at) => {
      upTo += counts[at] ?? 0;
      seconds.push(`livedoc_http_request_seconds_bucket{interaction="${name}",le="${bound}"} ${upTo}`);
    });
    seconds.push(`livedoc_http_request_seconds_bucket{interaction="${name}",le="+Inf"} ${total}`);
    seconds.push(`livedoc_http_request_seconds_sum{interaction="${name}"} ${sum}`);
    seconds.push(`livedoc_http_request_seconds_count{interaction="${name}"} ${total}`);
  }
  return [...requests, ...seconds];
}

const gaugeHelp: Readonly<Record<string, string>> = {
  process_resident_memory_bytes: 'Resident memory.',
  nodejs_heap_used_bytes: 'Heap in use.',
  nodejs_eventloop_lag_p99_seconds: 'Event loop delay since the last scrape.',
  process_uptime_seconds: 'Time since the start.',
};

function gaugesOf(loopDelay: number): Readonly<Record<string, number>> {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    process_resident_memory_bytes: rss,
    nodejs_heap_used_bytes: heapUsed,
    nodejs_eventloop_lag_p99_seconds: loopDelay,
    process_uptime_seconds: process.uptime(),
  };
}

function processLines(processes: readonly Figures[]): string[] {
  return Object.entries(gaugeHelp).flatMap(([name, help]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...processes.map(({ process: own, gauges }) => `${name}{process="${own}"} ${gauges[name] ?? 0}`),
  ]);
}
