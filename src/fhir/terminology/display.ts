/**
 * The name of a concept in the language that was asked for.
 * https://hl7.org/fhir/R4/valueset-operation-expand.html (displayLanguage)
 */
import type { CodeSystemConceptDesignation } from '@medplum/fhirtypes';
import type { Hit } from './membership.ts';

/** Languages in the order of preference: `fr-CA,en;q=0.5` gives fr-CA, en. */
export function languagesOf(wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return [];
  return wanted
    .split(',')
    .map((one) => {
      const [tag = '', ...parameters] = one.trim().split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return { tag, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
    })
    .filter(({ tag, weight }) => tag !== '' && tag !== '*' && weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag.toLowerCase());
}

/** 2: the very language, 1: the same language of another region, 0: another one. */
function nearness(wanted: string, has: string | undefined): number {
  if (has === undefined) return 0;
  const own = has.toLowerCase();
  if (own === wanted) return 2;
  return own.split('-')[0] === wanted.split('-')[0] ? 1 : 0;
}

/** Uses that are names to be shown, not definitions or sort keys. */
const shown = new Set(['display', 'preferred', 'preferredForLanguage', '900000000000013009', '900000000000548007']);
/** SNOMED CT: preferred in its language. */
const first = new Set(['preferred', 'preferredForLanguage', '900000000000548007']);

function weightOf({ use }: CodeSystemConceptDesignation): number {
  if (use?.code === undefined) return 0;
  if (first.has(use.code)) return 1;
  return shown.has(use.code) ? 0 : -1;
}

interface Name {
  readonly language?: string | undefined;
  readonly value: string;
  /** 1: its use says that it is the preferred one; -1: that it is no name to be shown. */
  readonly weight?: number;
}

/** All names of the concept, those of the value set first. */
export function namesOf({ listed, concept, known }: Hit): readonly Name[] {
  const of = (designations: readonly CodeSystemConceptDesignation[] = []): Name[] =>
    designations.flatMap((one) =>
      one.value === undefined ? [] : [{ language: one.language, value: one.value, weight: weightOf(one) }],
    );
  return [
    ...(listed?.display === undefined ? [] : [{ value: listed.display, language: known?.about.language }]),
    ...of(listed?.designation),
    ...(concept.display === undefined ? [] : [{ value: concept.display, language: known?.about.language }]),
    ...of(concept.designation),
  ];
}

/** The name to show: the nearest in the first wanted language that there is one in, otherwise the display. */
export function displayOf(hit: Hit, languages: readonly string[]): string | undefined {
  const names = languages.length === 0 ? [] : namesOf(hit);
  for (const wanted of languages) {
    const near = names
      .map((name, at) => ({ name, at, rank: nearness(wanted, name.language) + (name.weight ?? 0) * 2 }))
      .filter(({ name }) => nearness(wanted, name.language) > 0)
      .sort((a, b) => b.rank - a.rank || a.at - b.at);
    if (near[0]) return near[0].name.value;
  }
  return hit.listed?.display ?? hit.concept.display;
}

/** The name to show for `displayLanguage`; none where `*;q=0` wants no other language than those named. */
export function shownName(hit: Hit, wanted: string | undefined): string | undefined {
  const languages = languagesOf(wanted);
  const isStrict = wanted !== undefined && /(?:^|,)\s*\*\s*;\s*q=0(?:\.0+)?\s*(?:,|$)/.test(wanted);
  return isStrict && !speaks(hit, languages) ? undefined : displayOf(hit, languages);
}

/** The names that may be shown in one of the languages, each once; without languages, all. */
export function properNames(hit: Hit, languages: readonly string[]): readonly Name[] {
  const names = namesOf(hit).filter(
    ({ language, weight = 0 }) =>
      weight >= 0 &&
      (languages.length === 0 || language === undefined || languages.some((wanted) => nearness(wanted, language) > 0)),
  );
  return [...new Map(names.map((name) => [`${name.value}|${name.language}`, name])).values()];
}

/** Whether there is a name in one of the languages at all. */
function speaks(hit: Hit, languages: readonly string[]): boolean {
  return namesOf(hit).some(({ language }) => languages.some((wanted) => nearness(wanted, language) > 0));
}

const plain = (text: string) => text.trim().replace(/\s+/g, ' ').toLowerCase();

/** Whether the text is one of the concept's names (in one of the languages, when some are asked for), whatever its case. */
export function isNamed(hit: Hit, text: string, languages: readonly string[]): boolean {
  const wanted = plain(text);
  const limited = languages.length > 0 && speaks(hit, languages);
  return namesOf(hit)
    .filter(({ language }) => !limited || languages.some((one) => nearness(one, language) > 0))
    .some(({ value }) => plain(value) === wanted);
}
