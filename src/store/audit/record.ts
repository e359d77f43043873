/**
 * One audited event, before it becomes a FHIR AuditEvent of IHE BALP.
 * https://profiles.ihe.net/ITI/BALP/
 */

export interface AuditAgent {
  /** `Practitioner/...`, `Device/...`; absent for a client without one. */
  readonly reference?: string;
  readonly name: string;
  /** LIVEDOC role: MEDECIN, PERSONNEL, ADMINISTRATEUR. */
  readonly role?: string;
}

export interface AuditEntity {
  /** `Patient/1`, `DiagnosticReport/2/_history/3`. */
  readonly reference?: string;
  /** The search as it was asked, without the base. */
  readonly query?: string;
  readonly detail?: Readonly<Record<string, string>>;
  /** Whose data it is, where a record has entities of several persons; absent: it concerns all of the record's. */
  readonly patients?: readonly string[];
}

export interface AuditRecord {
  /** `rest` for FHIR interactions, otherwise what happened. */
  readonly type:
    | 'rest'
    | 'api'
    | 'login'
    | 'logout'
    | 'login-failed'
    | 'token'
    /** What a person decided about an application. */
    | 'authorization'
    | 'access-denied'
    | 'dicom-received'
    | 'dicom-refused'
    | 'inference'
    | 'validation'
    | 'export'
    | 'administration'
    | 'break-the-glass';
  /** restful-interaction code (read, vread, create, search-type ...) or a word of ours. */
  readonly subtype: string;
  /** Create, Read, Update, Delete, Execute. */
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  /** 0 success, 4 minor failure (client), 8 serious failure (server). */
  readonly outcome: '0' | '4' | '8';
  readonly outcomeText?: string;
  readonly recorded: Date;
  /** The person, when one is known. */
  readonly user?: AuditAgent;
  /** The client application, PACS or job. */
  readonly client: AuditAgent;
  /** The peer's network address. */
  readonly address?: string;
  readonly entities: readonly AuditEntity[];
  /** `Patient/...` of every person whose data this touched. */
  readonly patients: readonly string[];
  /** Those of the version that the one entity names as well: whoever reads the trail finds them in it. */
  readonly andItsPatients?: true;
  readonly requestId?: string;
  /** Patients (`Patient/...`) whose records the person had opened by break-the-glass then: the purpose of use is BTG. */
  readonly emergency?: readonly string[];
}
