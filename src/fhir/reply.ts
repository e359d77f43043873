/** Interactions take and give plain values; `http` turns them into headers and bytes. */
import type { Resource } from '@medplum/fhirtypes';
import type { Issue } from '../shared/errors.ts';

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
  /** The resource is a Binary that is sent as what it holds. */
  readonly raw?: boolean;
  /** What was asked for goes on after this answer (202): where to look how far it is, below the base, and how far it is. */
  readonly later?: { readonly at: string; readonly progress: string };
  /** What a write wants to be said besides its success, for an OperationOutcome. */
  readonly warnings?: readonly Issue[];
  /** What the caller gets to see besides what was written, for the audit. */
  readonly shown?: readonly Shown[];
  /** The search as it was asked, without the base, for the audit. */
  readonly query?: string;
  /** By which the answer was made, where a form or a page link stood for them: _summary, _elements and _format apply. */
  readonly params?: URLSearchParams;
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
