/**
 * Bundles as text around the stored texts of their resources, which are never parsed for it.
 * https://hl7.org/fhir/R4/bundle.html
 */

export interface BundleEntry {
  readonly fullUrl?: string;
  /** JSON text. */
  readonly resource?: string;
  readonly search?: { readonly mode: 'match' | 'include' | 'outcome' };
  readonly request?: { readonly method: string; readonly url: string };
  readonly response?: {
    readonly status: string;
    readonly location?: string;
    readonly etag?: string;
    readonly lastModified?: string;
    /** JSON text of an OperationOutcome. */
    readonly outcome?: string;
  };
}

export interface Link {
  readonly relation: string;
  readonly url: string;
}

export interface BundleHead {
  readonly type: 'searchset' | 'history' | 'transaction-response' | 'batch-response';
  readonly id?: string;
  readonly updated?: string;
  readonly total?: number | undefined;
  readonly links?: readonly Link[];
}

/** The JSON text of a Bundle. */
export function bundleText({ type, id, updated, total, links }: BundleHead, entries: readonly BundleEntry[]): string {
  const head = {
    resourceType: 'Bundle',
    id,
    meta: updated === undefined ? undefined : { lastUpdated: updated },
    type,
    total,
    link: links?.map(({ relation, url }) => ({ relation, url })),
  };
  const start = JSON.stringify(head).slice(0, -1);
  // R4 has no empty arrays (https://hl7.org/fhir/R4/json.html), so no entries are no `entry`.
  return entries.length === 0 ? `${start}}` : `${start},"entry":[${entries.map(entryText).join(',')}]}`;
}

function entryText({ fullUrl, resource, search, request, response }: BundleEntry): string {
  let text = '';
  if (fullUrl !== undefined) text += `,"fullUrl":${JSON.stringify(fullUrl)}`;
  if (resource !== undefined) text += `,"resource":${resource}`;
  if (search) text += `,"search":{"mode":"${search.mode}"}`;
  if (request) text += `,"request":${JSON.stringify(request)}`;
  if (response) text += `,"response":${responseText(response)}`;
  return `{${text.slice(1)}}`;
}

function responseText({ outcome, ...rest }: NonNullable<BundleEntry['response']>): string {
  const text = JSON.stringify(rest);
  return outcome === undefined ? text : `${text.slice(0, -1)},"outcome":${outcome}}`;
}
