/** References between resources of this server. */
import type { Reference } from '@medplum/fhirtypes';

/** The logical id that a relative reference names. */
export function idOf(reference: Reference | undefined): string | null {
  return reference?.reference?.split('/')[1] ?? null;
}
