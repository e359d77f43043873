/** What is to be written: the resource's text around its version number, its search rows, and what must hold before. */
import type { IndexRow } from '../search/index-row.ts';

export interface Write {
  readonly op: 'create' | 'update' | 'delete';
  readonly type: string;
  readonly id: string;
  /**
   * The JSON text before and after the digits of meta.versionId; the store puts the number between, so a write needs no
   * read before it. `meta.lastUpdated` is already in it and equals `updated`. Two empty strings for a deletion.
   */
  readonly body: readonly [before: string, after: string];
  /** meta.lastUpdated as a FHIR instant in UTC with milliseconds. */
  readonly updated: string;
  /**
   * `absent`: the resource must not exist (or be deleted); `any`: no condition (an update may create);
   * `present`: it must exist and not be deleted; a number: that must be the current version (If-Match).
   */
  readonly expect: 'absent' | 'any' | 'present' | number;
  /** Of one of many writes it may be made when it is asked for. */
  readonly index: readonly IndexRow[];
  /** The state of the posted search parameters by which `index` was made; 1, the default: there were none. */
  readonly generation?: number;
  /** What has to be there, and not deleted, once all of it is written; it cannot be deleted while this version is current. */
  readonly needs?: readonly { readonly type: string; readonly id: string }[];
  /** Of a deletion: nothing may need the resource. */
  readonly isGuarded?: boolean;
}

export interface Written {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updated: string;
  /** Whether the resource did not exist (or was deleted) before. */
  readonly created: boolean;
}
