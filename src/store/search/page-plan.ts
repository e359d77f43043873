/** What a page is planned from. */
import type { Condition } from './condition.ts';
import type { Position } from './position.ts';
import type { SortKey } from './query.ts';

export interface PagePlan {
  readonly type: string;
  readonly conditions: readonly Condition[];
  /** Of effective sort keys only. */
  readonly sort: readonly SortKey[];
  readonly after: Position | undefined;
  /** The rows before the position, from it on backwards. */
  readonly backwards: boolean;
  /** Rows to find at most. */
  readonly limit: number;
}
