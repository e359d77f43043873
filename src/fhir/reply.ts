/** Interactions take and give plain values; `http` turns them into headers and bytes. */
import type { Resource } from '@medplum/fhirtypes';

/** A resource as it came or as it goes: parsed, and the exact text (decimals keep their digits there only). */
export interface Body {
  readonly resource: Resource;
  readonly text: string;
}

export interface Reply {
  readonly status: number;
  /** The JSON text of a resource; absent for no content. */
  readonly text?: string;
  /** Of a single resource's version: makes ETag, Last-Modified and, with 201, Location. */
  readonly version?: { readonly type: string; readonly id: string; readonly version: number; readonly updated: string };
  /** What the caller gets to see besides what was written, for the audit. */
  readonly shown?: readonly Shown[];
  /** The search as it was asked, without the base, for the audit. */
  readonly query?: string;
  /** What a POST to the base turned out to be, when it is not the transaction that it may be. */
  readonly code?: 'batch';
}

/** One resource that an answer shows. */
interface Shown {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly body: string;
}
