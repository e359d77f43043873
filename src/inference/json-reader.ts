/** Takes values out of untrusted JSON by name and type, and gathers every problem instead of stopping at the first. */

type Json = Readonly<Record<string, unknown>>;

export interface Reader {
  /** Shared by a reader and all readers taken from it; each names the place, as in `input.width: ...`. */
  readonly problems: string[];
  has(key: string): boolean;
  text(key: string, pattern?: RegExp): string;
  number(key: string, minimum?: number, maximum?: number): number;
  integer(key: string, minimum: number, maximum: number): number;
  numbers(key: string, length: number, minimum?: number): number[];
  oneOf<const T extends string | number>(key: string, choices: readonly T[]): T;
  object(key: string): Reader;
  optional(key: string): Reader | undefined;
  list(key: string): Reader[];
  record(): Json;
  reject(key: string, problem: string): void;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isWithin = (value: unknown, minimum: number, maximum: number): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= minimum && value <= maximum;

export function createReader(json: unknown, path = '', problems: string[] = []): Reader {
  const fields = isObject(json) ? json : {};
  const at = (key: string) => [path, key].filter(Boolean).join('.') || 'the file';
  const reject = (key: string, problem: string) => void problems.push(`${at(key)}: ${problem}`);
  const child = (key: string, value: unknown) => createReader(value, at(key), problems);
  // A missing object is one problem; its fields are not listed one by one on top of it.
  const mute = (key: string) => createReader({}, at(key), []);
  if (!isObject(json)) reject('', 'must be an object');

  return {
    problems,
    has: (key) => fields[key] !== undefined,
    text(key, pattern) {
      const value = fields[key];
      if (typeof value === 'string' && value !== '' && (pattern?.test(value) ?? true)) return value;
      reject(key, pattern ? `must be a text that matches ${pattern.source}` : 'must be a text');
      return '';
    },
    number(key, minimum = -Number.MAX_VALUE, maximum = Number.MAX_VALUE) {
      const value = fields[key];
      if (isWithin(value, minimum, maximum)) return value;
      reject(key, `must be a number${range(minimum, maximum)}`);
      return minimum;
    },
    integer(key, minimum, maximum) {
      const value = fields[key];
      if (isWithin(value, minimum, maximum) && Number.isInteger(value)) return value;
      reject(key, `must be a whole number${range(minimum, maximum)}`);
      return minimum;
    },
    numbers(key, length, minimum = -Number.MAX_VALUE) {
      const value = fields[key];
      const isList = Array.isArray(value) && value.every((item) => isWithin(item, minimum, Number.MAX_VALUE));
      if (isList && value.length === length) return value;
      reject(key, `must be a list of ${length} numbers, one per channel`);
      return [];
    },
    oneOf(key, choices) {
      const found = choices.find((choice) => choice === fields[key]);
      if (found === undefined) reject(key, `must be one of ${choices.join(', ')}`);
      return found ?? (choices[0] as (typeof choices)[number]);
    },
    object(key) {
      if (isObject(fields[key])) return child(key, fields[key]);
      reject(key, 'must be an object');
      return mute(key);
    },
    optional: (key) => (fields[key] === undefined ? undefined : child(key, fields[key])),
    list(key) {
      const value = fields[key];
      if (Array.isArray(value) && value.length > 0) return value.map((item, i) => child(`${key}[${i}]`, item));
      reject(key, 'must be a list with at least one entry');
      return [];
    },
    record: () => fields,
    reject,
  };
}

function range(minimum: number, maximum: number): string {
  const hasMinimum = minimum > -Number.MAX_VALUE;
  const hasMaximum = maximum < Number.MAX_VALUE;
  if (hasMinimum && hasMaximum) return ` from ${minimum} to ${maximum}`;
  if (hasMinimum) return minimum === Number.MIN_VALUE ? ' above 0' : ` of at least ${minimum}`;
  return hasMaximum ? ` of at most ${maximum}` : '';
}
