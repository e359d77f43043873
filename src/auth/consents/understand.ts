/**
 * Reads an R4 Consent of the privacy scope into provisions, and says what in it cannot be enforced.
 * https://hl7.org/fhir/R4/consent.html
 */
import type { CodeableConcept, Consent, ConsentProvision } from '@medplum/fhirtypes';
import { periodRange } from '../../fhir/search/dates.ts';
import type { Issue } from '../../shared/errors.ts';
import { named, type Reading, readConditions } from './conditions.ts';
import type { Effect, Provision } from './provision.ts';

export const consentScope = 'http://terminology.hl7.org/CodeSystem/consentscope';

/** A longer or deeper Consent is nobody's will but an attack. */
const mostProvisions = 200;
const mostDepth = 8;

export interface Understood {
  /** Id of the Patient. */
  readonly patient: string;
  readonly rule: Provision;
}

/** Whether it is in force and about privacy: the only Consents that access depends on. */
export function isInForce({ status, scope }: Consent): boolean {
  return status === 'active' && hasCode(scope, consentScope, 'patient-privacy');
}

function hasCode(concept: CodeableConcept | undefined, system: string, ...codes: readonly string[]): boolean {
  return (concept?.coding ?? []).some((coding) => coding.system === system && codes.includes(coding.code ?? ''));
}

const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

/** What holds where no provision says otherwise. Undefined: the policy is none that is known here. */
function baseEffect({ policyRule }: Consent): Effect | undefined {
  if (hasCode(policyRule, actCode, 'OPTOUT', 'OPTOUTE')) return 'deny';
  if (hasCode(policyRule, actCode, 'OPTIN', 'OPTINR')) return 'permit';
  return undefined;
}

/** A root without a type excepts from the policy what it describes, as R4's examples mean it; a period is no description. */
function describes({ type: _, period: __, provision: ___, id: ____, extension: _____, ...rest }: ConsentProvision) {
  return Object.keys(rest).length > 0;
}

/** Id of the Patient of this server whom it is of. `base` is the FHIR base. */
export function patientOf({ patient }: Consent, base: string): string | undefined {
  const found = named(patient, base);
  return found?.type === 'Patient' ? found.id : undefined;
}

/**
 * What a Consent in force comes to, with all that it cannot be held to. What only permits and is not understood never
 * applies (a warning); what denies and is not understood denies more than it says, and is an error, which a write is
 * refused for. `base` is the FHIR base.
 */
export function understand(
  consent: Consent,
  base: string,
): { readonly understood?: Understood; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const error = (expression: string, diagnostics: string) =>
    issues.push({ severity: 'error', code: 'not-supported', diagnostics, expression: [expression] });
  const patient = patientOf(consent, base);
  if (patient === undefined) {
    error('Consent.patient', 'A privacy consent is enforced for one Patient of this server; name it as Patient/ID.');
    return { issues };
  }
  const known = baseEffect(consent);
  const { provision: root } = consent;
  if (known === undefined && (root === undefined || !hasStatement(root))) {
    const diagnostics =
      'What is consented to cannot be told: give policyRule OPTIN or OPTOUT (v3-ActCode), or provision.type permit or deny.';
    error(consent.policyRule ? 'Consent.policyRule' : 'Consent.provision', diagnostics);
    return { issues };
  }
  const effect = known ?? 'permit';
  if (!root) return { understood: { patient, rule: { effect, exceptions: [] } }, issues };
  const budget = { left: mostProvisions };
  const reading: Reading = { base, issues };
  const period = root.type === undefined ? periodRange(root.period) : undefined;
  const untyped: Effect = effect === 'deny' || describes(root) ? 'deny' : 'permit';
  const first = read(reading, budget, {
    provision: root,
    path: 'Consent.provision',
    around: effect,
    untyped,
    depth: 1,
  });
  const rule: Provision = { effect, ...(period ? { period } : {}), exceptions: [first] };
  return { understood: { patient, rule }, issues };
}

/** Whether it, or one within it, says permit or deny. */
function hasStatement({ type, provision = [] }: ConsentProvision, depth = 1): boolean {
  return type !== undefined || (depth < mostDepth && provision.some((inner) => hasStatement(inner, depth + 1)));
}

interface Place {
  readonly provision: ConsentProvision;
  readonly path: string;
  /** What holds around it. */
  readonly around: Effect;
  /** What it says when it has no type. */
  readonly untyped: Effect;
  readonly depth: number;
}

function read(reading: Reading, budget: { left: number }, place: Place): Provision {
  const { provision, path, around, untyped, depth } = place;
  const effect = provision.type === 'deny' || provision.type === 'permit' ? provision.type : untyped;
  budget.left -= 1;
  if (budget.left < 0 || depth > mostDepth) return tooMany(reading, path);
  // Within what is denied anyhow, a denial that is not understood changes nothing.
  const isDenial = effect === 'deny' && around === 'permit';
  const conditions = readConditions(reading, provision, { path, effect, isDenial });
  const inner = (provision.provision ?? []).slice(0, mostProvisions);
  const exceptions = inner.map((one, at) =>
    read(reading, budget, {
      provision: one,
      path: `${path}.provision[${at}]`,
      around: effect,
      untyped: 'deny',
      depth: depth + 1,
    }),
  );
  return { effect, ...conditions, exceptions };
}

function tooMany({ issues }: Reading, path: string): Provision {
  if (!issues.some(({ code }) => code === 'too-costly')) {
    const diagnostics = `More than ${mostProvisions} provisions, or deeper than ${mostDepth}, are not enforced.`;
    issues.push({ severity: 'error', code: 'too-costly', diagnostics, expression: [path] });
  }
  return { effect: 'deny', exceptions: [] };
}
