/**
 * ValueSet/$validate-code and CodeSystem/$validate-code.
 * https://hl7.org/fhir/R4/valueset-operation-validate-code.html https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
 */
import type { Coding } from '@medplum/fhirtypes';
import type { Composed } from './compose.ts';
import { valueSetText } from './compose.ts';
import { displayOf, isNamed, languagesOf, namesOf } from './display.ts';
import { findIn, type Hit } from './membership.ts';
import { present } from './present.ts';
import type { Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import { isComplete, type System } from './system.ts';
import type { ValidateAsked, Validation } from './terminology.ts';

type Problem = Validation['issues'][number];

/** What one coding turned out to be. */
interface Judged {
  readonly coding: Coding;
  readonly hit?: Hit;
  readonly version?: string | undefined;
  readonly issues: readonly Problem[];
  readonly unknownSystems: readonly string[];
}

/** Where the coding stands in the question: `Coding`, `CodeableConcept.coding[1]`, or nothing for parameters of their own. */
type Place = (member: string) => string;

interface Question {
  readonly scope: Scope;
  readonly asked: ValidateAsked;
  /** Absent: any code of the system will do. */
  readonly composed?: Composed;
}

function problem(severity: Problem['severity'], code: string, kind: string, diagnostics: string, at?: string): Problem {
  return { severity, code, kind, diagnostics, ...(at === undefined ? {} : { expression: [at] }) };
}

const spoken = ({ system, code = '' }: Coding) => (system === undefined ? code : `${system}#${code}`);

async function unknownSystem(scope: Scope, system: string, version: string | undefined, place: Place) {
  const versions = await scope.versions(system);
  const known = versions.length > 0;
  const text = known
    ? `A definition for CodeSystem '${system}' version '${version}' could not be found, so the code cannot be validated. Valid versions: ${versions.join(', ')}`
    : `A definition for CodeSystem '${system}' could not be found, so the code cannot be validated`;
  return problem('error', 'not-found', 'not-found', text, place('system'));
}

function unknownCode({ about, reason }: System, code: string, place: Place): Problem {
  const { url, version } = about;
  const plain = `Unknown code '${code}' in the CodeSystem '${url}'${version ? ` version '${version}'` : ''}`;
  if (!isComplete(about)) {
    const text = `${plain} - note that the code system is labeled as ${about.content === 'example' ? 'an example' : 'a fragment'}, so the code may be valid in some other fragment`;
    return problem('warning', 'code-invalid', 'invalid-code', text, place('code'));
  }
  const why = reason?.(code);
  return problem('error', 'code-invalid', 'invalid-code', why ? `${plain}: ${why}` : plain, place('code'));
}

function displayProblem({ asked }: Question, hit: Hit, coding: Coding, place: Place): Problem[] {
  const { display } = coding;
  if (display === undefined || asked.membershipOnly) return [];
  const languages = languagesOf(asked.displayLanguage);
  // A system without any name for the code has nothing against this one.
  if (namesOf(hit).length === 0 || isNamed(hit, display, languages)) return [];
  const right = displayOf(hit, languages);
  const text = `Wrong Display Name '${display}' for ${spoken(coding)}. Valid display is '${right}' (for the language(s) '${asked.displayLanguage ?? '--'}')`;
  return [problem(asked.lenientDisplay ? 'warning' : 'error', 'invalid', 'invalid-display', text, place('display'))];
}

/** What a hit's concept itself has against it. */
function conceptProblems({ asked }: Question, { concept }: Hit, coding: Coding, place: Place): Problem[] {
  const { code } = concept;
  const found: Problem[] = [];
  if (concept.abstract && asked.abstract === false) {
    const text = `Code '${spoken(coding)}' is abstract, and not allowed in this context`;
    found.push(problem('error', 'business-rule', 'code-rule', text, place('code')));
  }
  if (concept.inactive) {
    const text = asked.activeOnly
      ? `The code '${code}' is valid but is not active`
      : `The concept '${code}' has a status of inactive and its use should be reviewed`;
    const kind = asked.activeOnly ? 'code-rule' : 'code-comment';
    found.push(problem(asked.activeOnly ? 'error' : 'warning', 'business-rule', kind, text, place('code')));
  }
  return found;
}

function caseProblem(hit: Hit, { code }: Coding, place: Place): Problem[] {
  if (hit.concept.code === code) return [];
  const text = `The code '${code}' differs from the correct code '${hit.concept.code}' by case. Although the code system '${hit.system}' is case insensitive, implementers are strongly encouraged to use the correct case anyway`;
  return [problem('information', 'business-rule', 'code-rule', text, place('code'))];
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
    const issues = [await unknownSystem(scope, system, version, place)];
    return { coding, version, issues, unknownSystems: [canonicalText({ url: system, version })] };
  }
  const concept = await known.find(code);
  const stated = known.about.version;
  if (!concept) {
    return { coding, version: stated, issues: [unknownCode(known, code, place)], unknownSystems: [] };
  }
  const hit: Hit = { system, ...present({ version: stated }), concept, known };
  return { coding, hit, version: stated, issues: problemsOf(question, hit, coding, place), unknownSystems: [] };
}

function problemsOf(question: Question, hit: Hit, coding: Coding, place: Place): Problem[] {
  return [
    ...caseProblem(hit, coding, place),
    ...conceptProblems(question, hit, coding, place),
    ...displayProblem(question, hit, coding, place),
  ];
}

async function judgeInValueSet(question: Question, composed: Composed, coding: Coding, place: Place): Promise<Judged> {
  const { scope } = question;
  const { system, version, code = '' } = coding;
  const trace = { unknownSystems: new Set<string>() };
  const hit = await findIn(scope, composed, { ...present({ system, version }), code }, trace);
  if (hit) {
    const issues = problemsOf(question, hit, coding, place);
    return { coding: { ...coding, system: hit.system }, hit, version: hit.version, issues, unknownSystems: [] };
  }
  const name = valueSetText(composed.valueSet);
  const missed = `The provided code '${spoken(coding)}' was not found in the value set '${name}'`;
  const notIn = problem('error', 'code-invalid', 'not-in-vs', missed, place('code'));
  if (system === undefined) {
    const unknownSystems = [...trace.unknownSystems];
    return { coding, issues: [notIn], unknownSystems };
  }
  if (trace.unknownSystems.size > 0) {
    const why = `Unable to check whether the code is in the value set '${name}' because the code system ${[...trace.unknownSystems].join(', ')} was not found`;
    const issues = [
      await unknownSystem(scope, system, version, place),
      problem('warning', 'not-found', 'vs-invalid', why),
    ];
    return { coding, version, issues, unknownSystems: [...trace.unknownSystems] };
  }
  // Whether the code exists at all is said too: a typing error is not a wrong choice.
  const own = question.asked.membershipOnly ? undefined : await judgeInSystem(question, coding, place);
  const more = own?.issues.filter(({ kind }) => kind !== 'invalid-display') ?? [];
  return {
    coding,
    version: own?.version,
    issues: [notIn, ...more],
    unknownSystems: own?.unknownSystems ?? [],
    ...(own?.hit ? { hit: own.hit } : {}),
  };
}

const isError = ({ severity }: Problem) => severity === 'error' || severity === 'fatal';

function answer(judged: Judged, result: boolean, issues: readonly Problem[], languages: readonly string[]): Validation {
  const { coding, hit, version, unknownSystems } = judged;
  const display = hit && displayOf(hit, languages);
  const messages = [
    ...new Set(issues.filter(({ severity }) => severity !== 'information').map((one) => one.diagnostics)),
  ];
  return {
    result,
    ...present({ code: coding.code, system: coding.system, version, display }),
    ...(hit?.concept.inactive ? { inactive: true } : {}),
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
  const languages = languagesOf(asked.displayLanguage);
  const isIn = ({ issues, hit }: Judged) =>
    hit !== undefined && !issues.some(({ kind }) => kind === 'not-in-vs') && !issues.some(isError);
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
  const issues = good ? own : [problem('error', 'code-invalid', 'not-in-vs', notIn), ...own];
  const unknownSystems = judged.flatMap((one) => one.unknownSystems);
  const result = good !== undefined && !issues.some(isError);
  // None of several codings is the answer when none is right.
  const found: Judged = good ?? { coding: {}, version: judged[0]?.version, issues: [], unknownSystems: [] };
  return answer({ ...found, unknownSystems }, result, issues, languages);
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
  return answer(judged, result, judged.issues, languagesOf(asked.displayLanguage));
}
