/**
 * Errors and problems as OperationOutcome.
 * https://hl7.org/fhir/R4/operationoutcome.html
 */
import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { FhirError, type Issue } from '../shared/errors.ts';

/** The resource that carries these issues. An empty list is "all is well". */
export function outcome(issues: readonly Issue[]): OperationOutcome {
  const listed: readonly Issue[] =
    issues.length > 0 ? issues : [{ severity: 'information', code: 'informational', diagnostics: 'All is well.' }];
  return { resourceType: 'OperationOutcome', issue: listed.map(issueOf) };
}

const issueTypes = 'http://hl7.org/fhir/tools/CodeSystem/tx-issue-type';

function issueOf({ severity, code, diagnostics, expression, kind }: Issue): OperationOutcomeIssue {
  return {
    severity,
    code: code as OperationOutcomeIssue['code'],
    ...(kind === undefined ? {} : { details: { coding: [{ system: issueTypes, code: kind }], text: diagnostics } }),
    diagnostics,
    ...(expression ? { expression: [...expression] } : {}),
  };
}

/** What any thrown thing says to the client: a FhirError its issues, anything else only that it is ours and where to look. */
export function toOutcome(error: unknown, requestId?: string): OperationOutcome {
  if (error instanceof FhirError) return outcome(error.issues);
  const where = requestId === undefined ? '' : ` Request ${requestId} is in the log.`;
  return outcome([{ severity: 'fatal', code: 'exception', diagnostics: `The server failed.${where}` }]);
}
