/**
 * Arrays in PostgreSQL's binary form: `pg` writes arrays as quoted text, which for resources' JSON costs more than the rest of a write.
 * https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/arrayfuncs.c (array_recv)
 */

const oids = { int4: 23, int8: 20, float8: 701, text: 25 } as const;
const HEADER = 20;

function header(length: number, oid: number, bytes: number, nulls = 0): Buffer {
  const buffer = Buffer.allocUnsafe(length === 0 ? 12 : HEADER + bytes);
  buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(nulls, 4);
  buffer.writeInt32BE(oid, 8);
  if (length > 0) {
    buffer.writeInt32BE(length, 12);
    buffer.writeInt32BE(1, 16);
  }
  return buffer;
}

export function int4s(values: readonly number[]): Buffer {
  const buffer = header(values.length, oids.int4, values.length * 8);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(4, at);
    buffer.writeInt32BE(value, at + 4);
    at += 8;
  }
  return buffer;
}

/** bigint[]; numbers must be integers that a double holds exactly. */
export function int8s(values: readonly (bigint | number)[]): Buffer {
  const buffer = header(values.length, oids.int8, values.length * 12);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(8, at);
    buffer.writeBigInt64BE(BigInt(value), at + 4);
    at += 12;
  }
  return buffer;
}

export function float8s(values: readonly number[]): Buffer {
  const buffer = header(values.length, oids.float8, values.length * 12);
  let at = HEADER;
  for (const value of values) {
    buffer.writeInt32BE(8, at);
    buffer.writeDoubleBE(value, at + 4);
    at += 12;
  }
  return buffer;
}

/** text[] in UTF-8; `undefined` is NULL. */
export function texts(values: readonly (string | undefined)[]): Buffer {
  let bytes = values.length * 4;
  for (const value of values) bytes += value === undefined ? 0 : Buffer.byteLength(value);
  const buffer = header(values.length, oids.text, bytes, values.includes(undefined) ? 1 : 0);
  let at = HEADER;
  for (const value of values) {
    const size = value === undefined ? -1 : buffer.write(value, at + 4);
    buffer.writeInt32BE(size, at);
    at += 4 + Math.max(size, 0);
  }
  return buffer;
}
