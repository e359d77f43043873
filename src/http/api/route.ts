/** A row of the LIVEDOC API: it serves requests and documents itself in the OpenAPI. */
import type { z } from 'zod';
import type { Federation } from '../../auth/federation/open-federation.ts';
import type { BreakGlass } from '../../auth/glass/break-glass.ts';
import type { PersonAccess } from '../../auth/launch/person-access.ts';
import type { ValidationDeps } from '../../livedoc/validate-prediction.ts';

/** What the rows may use; `context` is the caller's. */
export interface RouteDeps extends ValidationDeps {
  /** Absent: there are no identity providers. */
  readonly federation?: Federation;
  /** Absent: nobody breaks the glass. */
  readonly breakGlass?: BreakGlass;
  /** What somebody else may see: the person that a system launches an application for. */
  readonly personAccess: PersonAccess;
}

export interface Asked {
  /** What stands for `{id}` in the path; empty in one without. */
  readonly id: string;
  /** All that the path has in braces, by name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  readonly ifMatch: string | undefined;
}

export interface Answer {
  readonly status: 200 | 201 | 202 | 204;
  /** Absent for 204. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below /api; `{id}` and other names in braces stand for one segment each. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Absent for 204. */
  readonly reply?: z.ZodType;
  readonly status: Answer['status'];
  /** Besides 401. */
  readonly errors: readonly number[];
  readonly ifMatch?: string;
  readonly run: (deps: RouteDeps, asked: Asked) => Promise<Answer>;
}
