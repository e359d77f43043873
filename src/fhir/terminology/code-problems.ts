/**
 * What can be wrong with a code, in the words and kinds of HL7's terminology ecosystem, which clients compare.
 * https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/ValueSet-tx-issue-type.html
 */
import type { Coding, ValueSet } from '@medplum/fhirtypes';
import { valueSetText } from './compose.ts';
import { displayOf, isNamed, languagesOf, properNames } from './display.ts';
import type { Hit } from './membership.ts';
import type { Scope } from './scope.ts';
import { canonicalText } from './source.ts';
import { isComplete, type System } from './system.ts';
import type { ValidateAsked, Validation } from './terminology.ts';

export type Problem = Validation['issues'][number];

/** Where the coding stands in the question: `Coding`, `CodeableConcept.coding[1]`, or nothing for parameters of their own. */
export type Place = (member: string) => string;

export function problem(
  severity: Problem['severity'],
  code: string,
  kind: string,
  diagnostics: string,
  at?: string,
): Problem {
  return { severity, code, kind, diagnostics, ...(at === undefined ? {} : { expression: [at] }) };
}

export const spoken = ({ system, code = '' }: Coding) => (system === undefined ? code : `${system}#${code}`);

/** What a system that is none is instead; undefined: nothing that is known. */
async function otherThing(scope: Scope, system: string): Promise<string | undefined> {
  if (await scope.hasSupplement(system)) {
    return `CodeSystem ${system} is a supplement, so can't be used as a value in Coding.system`;
  }
  const isSet = !system.includes('?') && (await scope.valueSet(system)) !== undefined;
  return isSet ? `The Coding references a value set, not a code system ('${system}')` : undefined;
}

const absolute = /^[a-z][a-z0-9+.-]*:/i;

/** The problems of a system that nothing is known of, and whether it may be one all the same. */
export async function unknownSystem(
  scope: Scope,
  { system = '', version }: Coding,
  place: Place,
): Promise<{ readonly issues: readonly Problem[]; readonly unknownSystems: readonly string[] }> {
  const other = await otherThing(scope, system);
  if (other !== undefined) {
    return { issues: [problem('error', 'invalid', 'invalid-data', other, place('system'))], unknownSystems: [] };
  }
  const versions = await scope.versions(system);
  const text =
    versions.length > 0
      ? `A definition for CodeSystem '${system}' version '${version}' could not be found, so the code cannot be validated. Valid versions: ${versions.join(', ')}`
      : `A definition for CodeSystem '${system}' could not be found, so the code cannot be validated`;
  const relative = 'Coding.system must be an absolute reference, not a local reference';
  const issues = [
    ...(absolute.test(system) ? [] : [problem('error', 'invalid', 'invalid-data', relative, place('system'))]),
    problem('error', 'not-found', 'not-found', text, place('system')),
  ];
  return { issues, unknownSystems: [canonicalText({ url: system, version })] };
}

export function noSystem(place: Place): Problem {
  const text =
    'Coding has no system. A code with no system has no defined meaning, and it cannot be validated. A system should be provided';
  const at = place('').replace(/\.$/, '');
  return problem('warning', 'invalid', 'invalid-data', text, at === '' ? undefined : at);
}

export function unknownCode({ about, reason }: System, code: string, place: Place): Problem {
  const { url, version } = about;
  const plain = `Unknown code '${code}' in the CodeSystem '${url}'${version ? ` version '${version}'` : ''}`;
  if (!isComplete(about)) {
    const text = `${plain} - note that the code system is labeled as ${about.content === 'example' ? 'an example' : 'a fragment'}, so the code may be valid in some other fragment`;
    return problem('warning', 'code-invalid', 'invalid-code', text, place('code'));
  }
  const why = reason?.(code);
  return problem('error', 'code-invalid', 'invalid-code', why ? `${plain}: ${why}` : plain, place('code'));
}

function rightNames(hit: Hit, languages: readonly string[], wanted: string | undefined): string {
  const named = wanted ?? '--';
  const names = properNames(hit, languages);
  if (names.length === 0) {
    return `There are no valid display names found for language(s) '${named}'. Default display is '${displayOf(hit, languages)}'`;
  }
  const shown = names.map(({ value, language }) =>
    language === undefined ? `'${value}'` : `'${value}' (${language})`,
  );
  const last = shown.pop();
  const list = shown.length > 0 ? `one of ${names.length} choices: ${shown.join(', ')} or ${last}` : last;
  return `Valid display is ${list} (for the language(s) '${named}')`;
}

/** That a right display is one in another language than the one asked for. */
function languageComment(hit: Hit, coding: Coding, wanted: string, place: Place): Problem {
  const { display, system } = coding;
  const has = hit.concept.designation.length > 0;
  const text = has
    ? `'${display}' is the default display; no valid Display Names found for ${spoken(coding)} in the language ${wanted}`
    : `'${display}' is the default display; the code system ${system ?? hit.system} has no Display Names for the language ${wanted}`;
  return problem('information', 'invalid', 'display-comment', text, place('display'));
}

function displayProblem(asked: ValidateAsked, hit: Hit, coding: Coding, place: Place): Problem[] {
  const { display } = coding;
  if (display === undefined || asked.membershipOnly) return [];
  const languages = languagesOf(asked.displayLanguage);
  // A system without any name for the code has nothing against this one.
  if (properNames(hit, []).length === 0) return [];
  if (isNamed(hit, display, languages)) {
    const isForeign = languages.length > 0 && properNames(hit, languages).length === 0;
    return isForeign ? [languageComment(hit, coding, languages.join(','), place)] : [];
  }
  const text = `Wrong Display Name '${display}' for ${spoken(coding)}. ${rightNames(hit, languages, asked.displayLanguage)}`;
  return [problem(asked.lenientDisplay ? 'warning' : 'error', 'invalid', 'invalid-display', text, place('display'))];
}

export function notActive(code: string, place: Place): Problem {
  return problem('error', 'business-rule', 'code-rule', `The code '${code}' is valid but is not active`, place('code'));
}

/** What a hit's concept itself has against it. */
function conceptProblems(asked: ValidateAsked, { concept }: Hit, coding: Coding, place: Place): Problem[] {
  const { code } = concept;
  const found: Problem[] = [];
  if (concept.abstract && asked.abstract === false) {
    const text = `Code '${spoken(coding)}' is abstract, and not allowed in this context`;
    found.push(problem('error', 'business-rule', 'code-rule', text, place('code')));
  }
  if (concept.inactive) {
    const text = `The concept '${code}' has a status of inactive and its use should be reviewed`;
    const comment = problem('warning', 'business-rule', 'code-comment', text, place('code'));
    found.push(asked.activeOnly ? notActive(code, place) : comment);
  }
  return found;
}

function caseProblem({ concept, system, known }: Hit, { code }: Coding, place: Place): Problem[] {
  if (concept.code === code) return [];
  const name = canonicalText({ url: system, version: known?.about.version });
  const text = `The code '${code}' differs from the correct code '${concept.code}' by case. Although the code system '${name}' is case insensitive, implementers are strongly encouraged to use the correct case anyway`;
  return [problem('information', 'business-rule', 'code-rule', text, place('code'))];
}

/** What there is to say of a code that was found. */
export function problemsOf(asked: ValidateAsked, hit: Hit, coding: Coding, place: Place): readonly Problem[] {
  return [
    ...caseProblem(hit, coding, place),
    ...conceptProblems(asked, hit, coding, place),
    ...displayProblem(asked, hit, coding, place),
  ];
}

/** The answer where a value set imports one that is not known. */
export function unableToJudge(asked: ValidateAsked, valueSet: ValueSet, reason: string): Validation {
  const text = `Unable to check whether the code is in the value set '${valueSetText(valueSet)}' because a value set that it includes was not found`;
  const issues = [
    problem('error', 'not-found', 'not-found', reason),
    problem('warning', 'not-found', 'vs-invalid', text),
  ];
  const { code, system } = asked.coding ?? asked.code ?? {};
  return {
    result: false,
    ...(code === undefined ? {} : { code }),
    ...(system === undefined ? {} : { system }),
    message: issues.map(({ diagnostics }) => diagnostics).join('; '),
    issues,
    unknownSystems: [],
    unknownValueSet: true,
  };
}
