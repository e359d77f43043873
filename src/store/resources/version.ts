/** One version of one resource, as the store keeps it. */

export interface Version {
  readonly type: string;
  readonly id: string;
  /** meta.versionId: 1, 2, 3 ... for each resource. */
  readonly version: number;
  /** meta.lastUpdated, a FHIR instant in UTC with milliseconds. */
  readonly updated: string;
  /** A deletion is a version with no body. */
  readonly deleted: boolean;
  /** What made this version. */
  readonly op: 'create' | 'update' | 'delete';
  /** The exact JSON text, `meta.versionId` and `meta.lastUpdated` included; empty when deleted. */
  readonly body: string;
}
