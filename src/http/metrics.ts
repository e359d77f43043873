/**
 * What the server counts, as Prometheus reads it.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Upper bounds, seconds: from a read in memory to a query at its time limit. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export interface Metrics {
  /** Counts one request; `name` is an interaction or a part of the server, never a path. */
  observe(name: string, status: number, seconds: number): void;
  /** All figures in the text format. */
  text(): string;
}

interface Series {
  /** Requests no slower than each bucket (not yet summed up). */
  readonly counts: number[];
  readonly byStatus: Map<number, number>;
  sum: number;
  total: number;
}

export function createMetrics(): Metrics {
  const all = new Map<string, Series>();
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return {
    observe(name, status, seconds) {
      const series = all.get(name) ?? newSeries();
      all.set(name, series);
      const at = buckets.findIndex((bound) => seconds <= bound);
      const slot = at < 0 ? buckets.length : at;
      series.counts[slot] = (series.counts[slot] ?? 0) + 1;
      series.byStatus.set(status, (series.byStatus.get(status) ?? 0) + 1);
      series.sum += seconds;
      series.total += 1;
    },
    text() {
      const p99 = delay.percentile(99) / 1e9;
      delay.reset();
      return `${[...requestLines(all), ...processLines(p99)].join('\n')}\n`;
    },
  };
}

function newSeries(): Series {
  return { counts: new Array<number>(buckets.length + 1).fill(0), byStatus: new Map(), sum: 0, total: 0 };
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
    for (const [status, count] of byStatus) {
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

function processLines(loopDelay: number): string[] {
  const { rss, heapUsed } = process.memoryUsage();
  const gauge = (name: string, help: string, value: number) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    `${name} ${value}`,
  ];
  return [
    ...gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    ...gauge('nodejs_heap_used_bytes', 'Heap in use.', heapUsed),
    ...gauge('nodejs_eventloop_lag_p99_seconds', 'Event loop delay since the last scrape.', loopDelay),
    ...gauge('process_uptime_seconds', 'Time since the start.', process.uptime()),
  ];
}
