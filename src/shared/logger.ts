/** Structured logging: one JSON line an event, secrets never. */

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

const order: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const secret = /password|secret|token|authorization|cookie|assertion|private/i;

function printable(key: string, value: unknown): unknown {
  if (key !== '' && secret.test(key)) return '[redacted]';
  if (value instanceof Error) return { message: value.message, stack: value.stack, cause: value.cause };
  return typeof value === 'bigint' ? value.toString() : value;
}

/** A logger that hands every line at or above `level` to `write`; fields whose names speak of secrets are redacted. */
export function createLogger(
  level: Level,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Logger {
  const at =
    (name: Level) =>
    (message: string, fields: Fields = {}) => {
      if (order.indexOf(name) < order.indexOf(level)) return;
      write(JSON.stringify({ time: new Date().toISOString(), level: name, message, ...fields }, printable));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** For callers that want no log. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
