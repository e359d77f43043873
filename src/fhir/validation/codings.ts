/**
 * The codes of a resource that the check of structure leaves open: extensible bindings, value sets that cannot be listed,
 * and codes that no binding holds but whose system may be known.
 * https://hl7.org/fhir/R4/terminologies.html#strength
 */
import type { Issue } from '../../shared/errors.ts';
import type { Codes } from '../definitions/value-sets.ts';
import { isObject, type Json } from '../fhirpath/collection.ts';
import { bindingProblem, listCodes } from './binding.ts';
import type { OpenCode } from './profiles/content.ts';
import type { Stop } from './stops.ts';

/** A Coding, or the code of a Quantity, with its place. */
export interface FoundCoding {
  readonly coding: {
    readonly system: string;
    readonly code: string;
    readonly version?: string;
    readonly display?: string;
  };
  readonly path: string;
}

export interface Codings {
  /** A value of an element with a binding. */
  bound(value: unknown, binding: NonNullable<Stop['binding']>, path: () => string): void;
  /** Any object of the resource, with its type. */
  found(object: Json, type: string, path: () => string): void;
  readonly issues: readonly Issue[];
  /** What a terminology service has still to be asked. */
  readonly open: OpenCode[];
  readonly codings: readonly FoundCoding[];
}

const coded = new Set(['Coding', 'Quantity', 'Age', 'Count', 'Distance', 'Duration', 'Money', 'SimpleQuantity']);

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Collects the codes of one resource. */
export function collectCodings(codesOf: (url: string) => Codes | undefined): Codings {
  const issues: Issue[] = [];
  const open: OpenCode[] = [];
  const codings: FoundCoding[] = [];
  return {
    issues,
    open,
    codings,
    bound(value, { strength, valueSet }, path) {
      if (value === undefined || value === null) return;
      const codes = codesOf(valueSet);
      if (!codes) {
        open.push({ valueSet, strength, value, path: path() });
        return;
      }
      if (!isObject(value)) return;
      const problem = bindingProblem(value, codes);
      if (problem === undefined) return;
      const diagnostics = `Found ${problem}, but the value set ${valueSet} (${strength}) wants one of ${listCodes(codes)}.`;
      issues.push({ severity: 'warning', code: 'code-invalid', diagnostics, expression: [path()] });
    },
    found(object, type, path) {
      const { system, code, version, display } = object;
      if (!coded.has(type) || !isText(system) || !isText(code)) return;
      codings.push({
        coding: {
          system,
          code,
          ...(isText(version) ? { version } : {}),
          ...(isText(display) ? { display } : {}),
        },
        path: path(),
      });
    },
  };
}
