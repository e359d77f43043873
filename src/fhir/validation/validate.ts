/** The contract of validation: a resource in, all of its problems out. */
import type { Issue } from '../../shared/errors.ts';

/**
 * Lists what is wrong with a parsed JSON resource against the base definition and the given profiles (canonical URLs;
 * absent: those of meta.profile that this server knows). Errors come with the FHIRPath expression of the element.
 * An empty list is a valid resource. Never throws for bad content.
 */
export type Validate = (resource: unknown, options?: { readonly profiles?: readonly string[] }) => readonly Issue[];
