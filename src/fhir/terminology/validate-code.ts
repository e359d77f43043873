/**
 * ValueSet/$validate-code and CodeSystem/$validate-code.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { Coding } from '@medplum/fhirtypes';
import {
  noSystem,
  notActive,
  type Place,
  type Problem,
  problem,
  problemsOf,
  spoken,
  unknownCode,
  unknownSystem,
} from './code-problems.ts';
import { type Composed, valueSetText } from './compose.ts';
import { shownName } from './display.ts';
import { findIn, type Hit } from './membership.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { doubtful } from './standing.ts';
import type { ValidateAsked, Validation } from './terminology.ts';

/** What one coding turned out to be. */
interface Judged {
  readonly coding: Coding;
  readonly hit?: Hit;
  readonly version?: string | undefined;
  readonly issues: readonly Problem[];
  readonly unknownSystems: readonly string[];
}

interface Question {
  readonly scope: Scope;
  readonly asked: ValidateAsked;
  /** Absent: any code of the system will do. */
  readonly composed?: Composed;
}

/** The code among all of its system; of a fragment an unknown code passes with a warning. */
async function judgeInSystem(question: Question, coding: Coding, place: Place): Promise<Judged> {
  const { scope } = question;
  const { system, version, code = '' } = coding;
  if (system === undefined) {
    const text = 'The code has no system, so it cannot be validated';
    return { coding, issues: [problem('error', 'invalid', 'invalid-data', text, place('system'))], unknownSystems: [] };
  }
  const known = await scope.system(system, version);
  if (!known) {
    return { coding, version, ...(await unknownSystem(scope, { system, ...present({ version }) }, place)) };
  }
  const concept = await known.find(code);
  const stated = known.about.version;
  if (!concept) {
    return { coding, version: stated, issues: [unknownCode(known, code, place)], unknownSystems: [] };
  }
  const hit: Hit = { system, ...present({ version: stated }), concept, known };
  return { coding, hit, version: stated, issues: problemsOf(question.asked, hit, coding, place), unknownSystems: [] };
}

/** What else there is to say of a code that is not in the value set: a typing error is not a wrong choice. */
async function judgeOutside(question: Question, composed: Composed, coding: Coding, place: Place): Promise<Judged> {
  if (question.asked.membershipOnly) return { coding, issues: [], unknownSystems: [] };
  const own = await judgeInSystem(question, coding, place);
  const isLeftOut = own.hit?.concept.inactive && !composed.inactive;
  const issues = own.issues
    .filter(({ kind }) => kind !== 'invalid-display')
    .map((one) => (isLeftOut && one.kind === 'code-comment' ? notActive(own.hit?.concept.code ?? '', place) : one));
  return { ...own, issues };
}

async function judgeInValueSet(question: Question, composed: Composed, coding: Coding, place: Place): Promise<Judged> {
  const { scope, asked } = question;
  const { system, version, code = '' } = coding;
  const trace = { unknownSystems: new Set<string>() };
  const name = valueSetText(composed.valueSet);
  const missed = `The provided code '${spoken(coding)}' was not found in the value set '${name}'`;
  const notIn = problem('error', 'code-invalid', 'not-in-vs', missed, place('code'));
  // A code alone is looked for in all systems of the value set; a Coding says which one it means.
  if (system === undefined && !asked.code) {
    return {
      coding,
      issues: [{ ...notIn, diagnostics: missed.replace("'", "'#") }, noSystem(place)],
      unknownSystems: [],
    };
  }
  const hit = await findIn(scope, composed, { ...present({ system, version }), code }, trace);
  if (hit) {
    const own = problemsOf(asked, hit, coding, place);
    const issues =
      own.some(({ severity }) => severity === 'error') && asked.activeOnly && hit.concept.inactive
        ? [notIn, ...own]
        : own;
    return { coding: { ...coding, system: hit.system }, hit, version: hit.version, issues, unknownSystems: [] };
  }
  if (system === undefined) return { coding, issues: [notIn], unknownSystems: [...trace.unknownSystems] };
  if (trace.unknownSystems.size > 0) {
    const why = `Unable to check whether the code is in the value set '${name}' because the code system ${[...trace.unknownSystems].join(', ')} was not found`;
    const { issues } = await unknownSystem(scope, coding, place);
    const unable = problem('warning', 'not-found', 'vs-invalid', why);
    return { coding, version, issues: [...issues, unable], unknownSystems: [...trace.unknownSystems] };
  }
  const own = await judgeOutside(question, composed, coding, place);
  return { ...own, issues: [notIn, ...own.issues] };
}

/** Remarks on the definitions that answered. */
function remarks({ composed }: Question, hits: readonly (Hit | undefined)[]): readonly Problem[] {
  if (!composed) return [];
  const systems = [...new Set(hits.flatMap((hit) => (hit?.known ? [hit.known.about] : [])))];
  return doubtful(composed, systems).map(({ standing, type, canonical }) =>
    problem('information', 'business-rule', 'status-check', `Reference to ${standing} ${type} ${canonical}`),
  );
}

const isError = ({ severity }: Problem) => severity === 'error' || severity === 'fatal';

function answer(judged: Judged, result: boolean, issues: readonly Problem[], language: string | undefined): Validation {
  const { coding, hit, version, unknownSystems } = judged;
  const display = hit && shownName(hit, language);
  const messages = [
    ...new Set(issues.filter(({ severity }) => severity !== 'information').map((one) => one.diagnostics)),
  ];
  return {
    result,
    ...present({ code: coding.code, system: coding.system, version, display }),
    ...(hit?.concept.inactive ? { inactive: true } : {}),
    ...(hit && hit.concept.code !== coding.code ? { normalizedCode: hit.concept.code } : {}),
    ...(messages.length > 0 ? { message: messages.join('; ') } : {}),
    issues,
    unknownSystems,
  };
}

/** Of several codings one has to be right, and none may be wrong in itself. */
async function judgeConcept(question: Question, codings: readonly Coding[]): Promise<Validation> {
  const { asked, composed } = question;
  const judged: Judged[] = [];
  for (const [at, coding] of codings.entries()) {
    const place: Place = (member) => `CodeableConcept.coding[${at}].${member}`;
    judged.push(
      composed
        ? await judgeInValueSet(question, composed, coding, place)
        : await judgeInSystem(question, coding, place),
    );
  }
  const isIn = ({ issues, hit }: Judged) =>
    hit !== undefined &&
    !issues.some(({ kind }) => kind === 'not-in-vs') &&
    !issues.some((one) => isError(one) && one.kind !== 'invalid-display');
  const good = judged.find(isIn);
  const notIn = composed
    ? `No valid coding was found for the value set '${valueSetText(composed.valueSet)}'`
    : 'No valid coding was found';
  // That another coding is not in the set is worth knowing, and no mistake.
  const own = judged.flatMap(({ issues }) => [
    ...issues.filter(({ kind }) => kind !== 'not-in-vs'),
    ...issues
      .filter(({ kind }) => kind === 'not-in-vs')
      .map((one): Problem => ({ ...one, severity: 'information', kind: 'this-code-not-in-vs' })),
  ]);
  // Of a system that nobody knows nothing can be said, and not that it is wrong.
  const isUndecided =
    judged.length > 0 && judged.every(({ issues: all }) => all.some(({ kind }) => kind === 'vs-invalid'));
  const none = good || isUndecided ? [] : [problem('error', 'code-invalid', 'not-in-vs', notIn)];
  const issues = [
    ...none,
    ...own,
    ...remarks(
      question,
      judged.map(({ hit }) => hit),
    ),
  ];
  const unknownSystems = judged.flatMap((one) => one.unknownSystems);
  const result = good !== undefined && !issues.some(isError);
  // None of several codings is the answer when none is right.
  const found: Judged = good ?? { coding: {}, version: judged[0]?.version, issues: [], unknownSystems: [] };
  return answer({ ...found, unknownSystems }, result, issues, asked.displayLanguage);
}

/** Judges the code, coding or concept of the question. */
export async function validate(question: Question): Promise<Validation> {
  const { asked, composed } = question;
  if (asked.codeableConcept) return judgeConcept(question, asked.codeableConcept.coding ?? []);
  const coding: Coding = asked.coding ?? asked.code ?? {};
  const place: Place = asked.coding ? (member) => `Coding.${member}` : (member) => member;
  const judged = composed
    ? await judgeInValueSet(question, composed, coding, place)
    : await judgeInSystem(question, coding, place);
  const result = !judged.issues.some(isError);
  return answer(judged, result, [...judged.issues, ...remarks(question, [judged.hit])], asked.displayLanguage);
}
