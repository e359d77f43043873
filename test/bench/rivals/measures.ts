/** What is asked of every side: the same requests in the same order, below the base of each. */
import { creations } from '../create.ts';
import type { Shot } from '../load.ts';
import { perRecord, record } from '../records.ts';
import { observation } from '../resources.ts';
import { shapes } from '../search.ts';
import { simple, updated, withId } from './fill.ts';

/** The index-th request of a round; `path` is below the base. */
export type Requests = (index: number) => Shot;

export interface Measure {
  readonly suite: string;
  readonly what: string;
  readonly clients: readonly number[];
  /** Requests of a round. */
  readonly count: number;
  readonly expect: number;
  /** Called once for each side; what it gives is called at the beginning of each round. */
  readonly begin: () => () => Requests;
}

const json = { 'content-type': 'application/fhir+json' };
/** A fixed stride that is coprime to the number of resources visits all of them in no order. */
const stride = 7919;

const readPath = (n: number) => (n % 2 ? `/Patient/p${n}` : `/Observation/o${n}`);

function reads(clients: readonly number[], count: number): Measure {
  return {
    suite: 'read',
    what: 'a Patient or an Observation',
    clients,
    count,
    expect: 200,
    begin: () => {
      let sent = 0;
      return () => () => {
        sent += 1;
        return { method: 'GET', path: readPath((sent * stride) % simple) };
      };
    },
  };
}

function creates(clients: readonly number[], count: number): Measure {
  return {
    suite: 'create',
    what: 'a Patient or an Observation',
    clients,
    count,
    expect: 201,
    begin: () => {
      const next = creations();
      return () => () => {
        const { type, body } = next();
        return { method: 'POST', path: `/${type}`, headers: json, body };
      };
    },
  };
}

/** Each round writes another value into the next so many Observations; without If-Match, since a kept folder has other versions. */
function updates(clients: readonly number[], count: number): Measure {
  const salt = Date.now() % 1e6;
  return {
    suite: 'update',
    what: 'an Observation',
    clients,
    count,
    expect: 200,
    begin: () => {
      let sent = 0;
      return () => () => {
        sent += 1;
        const id = `u${sent % updated}`;
        const body = withId(id, observation(salt + sent * 13, 'Patient/p1'));
        return { method: 'PUT', path: `/Observation/${id}`, headers: json, body };
      };
    },
  };
}

function transactions(clients: readonly number[], count: number): Measure {
  return {
    suite: 'transaction',
    what: `a patient's ${perRecord} resources`,
    clients,
    count,
    expect: 200,
    begin: () => {
      let next = 0;
      return () => () => ({ method: 'POST', path: '', headers: json, body: record(next++).bundle });
    },
  };
}

/** Not every server takes these characters as they are. */
const escaped = (url: string) => url.replaceAll('|', '%7C');

/** `_lastUpdated` of the benchmark looks at the last minute; here both sides were filled at other times. */
const others: Readonly<Record<string, (n: number, records: number) => string>> = {
  ...shapes,
  _lastUpdated: () => 'Observation?_lastUpdated=gt2020-01-01&_sort=-_lastUpdated',
};

function searches(clients: readonly number[], count: number, records: number): readonly Measure[] {
  return Object.entries(others).map(([what, shape]) => ({
    suite: 'search',
    what,
    clients,
    count,
    expect: 200,
    begin: () => {
      let sent = 0;
      return () => () => {
        sent += 1;
        return { method: 'GET', path: `/${escaped(shape(sent, records))}` };
      };
    },
  }));
}

/** All measures, for so many requests of small kinds a round; bundles and searches have their share of it. */
export function measures(clients: readonly number[], count: number, records: number): readonly Measure[] {
  const few = clients.filter((one) => one <= 16);
  return [
    reads(clients, count),
    creates(clients, Math.ceil(count / 2)),
    updates(clients, Math.ceil(count / 2)),
    transactions(
      few.map((one) => Math.min(one, 4)),
      4,
    ),
    // The many shapes with one number of clients only.
    ...searches(few.slice(-1), Math.ceil(count / 6), records),
  ];
}
