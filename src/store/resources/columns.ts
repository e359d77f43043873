/** Lists of rows as columns, and many such lists as the four arrays that the SQL function `write_resources` takes. */
import { float8s, int4s, int8s, texts } from '../arrays.ts';

export type Column =
  | { readonly kind: 'int4' | 'float8'; readonly values: readonly number[] }
  | { readonly kind: 'int8'; readonly values: readonly (bigint | number)[] }
  | { readonly kind: 'text'; readonly values: readonly (string | undefined)[] };

export const int4 = (values: readonly number[]): Column => ({ kind: 'int4', values });
export const int8 = (values: readonly (bigint | number)[]): Column => ({ kind: 'int8', values });
export const float8 = (values: readonly number[]): Column => ({ kind: 'float8', values });
export const text = (values: readonly (string | undefined)[]): Column => ({ kind: 'text', values });

/** One column as an array of its own. */
export function arrayOf(column: Column): Buffer {
  switch (column.kind) {
    case 'int4':
      return int4s(column.values);
    case 'int8':
      return int8s(column.values);
    case 'float8':
      return float8s(column.values);
    case 'text':
      return texts(column.values);
  }
}

interface Together {
  readonly ints: number[];
  readonly longs: (bigint | number)[];
  readonly floats: number[];
  readonly strings: (string | undefined)[];
}

function append({ ints, longs, floats, strings }: Together, column: Column): void {
  switch (column.kind) {
    case 'int4':
      for (const value of column.values) ints.push(value);
      break;
    case 'int8':
      for (const value of column.values) longs.push(value);
      break;
    case 'float8':
      for (const value of column.values) floats.push(value);
      break;
    case 'text':
      for (const value of column.values) strings.push(value);
  }
}

/** Numbers that say of a list how long it is and where its columns of each kind begin. */
const ABOUT = 5;

/**
 * The columns of each list, in their order, kind by kind: all int4, int8, float8 and text. The first array begins with
 * `ABOUT` numbers for each list (see the migration write_packed).
 */
export function together(lists: readonly (readonly Column[])[]): readonly [Buffer, Buffer, Buffer, Buffer] {
  const ints = new Array<number>(lists.length * ABOUT).fill(0);
  const all: Together = { ints, longs: [], floats: [], strings: [] };
  let about = 0;
  for (const columns of lists) {
    ints[about++] = columns[0]?.values.length ?? 0;
    ints[about++] = ints.length;
    ints[about++] = all.longs.length;
    ints[about++] = all.floats.length;
    ints[about++] = all.strings.length;
    for (const column of columns) append(all, column);
  }
  return [int4s(ints), int8s(all.longs), float8s(all.floats), texts(all.strings)];
}
