/**
 * Patients and their consultations for who chooses one: as much of them as tells one from another.
 * https://hl7.org/fhir/R4/patient.html#search
 */
import type { Bundle, Encounter, Patient, Resource } from '@medplum/fhirtypes';
import { audited } from '../../fhir/audit/audited.ts';
import type { Context } from '../../fhir/context.ts';
import { read } from '../../fhir/interactions/read.ts';
import { search } from '../../fhir/interactions/search.ts';
import { FhirError } from '../../shared/errors.ts';

export interface PatientChoice {
  readonly id: string;
  readonly name: string;
  /** As FHIR writes it: `1980-02-29`. */
  readonly birthDate: string | undefined;
  readonly gender: string | undefined;
  readonly identifiers: readonly string[];
}

export interface EncounterChoice {
  readonly id: string;
  /** ISO 8601. */
  readonly start: string | undefined;
  readonly status: string;
  readonly reason: string | undefined;
}

/** One page; `next` and `previous` name the pages beside it. */
export interface Choices<T> {
  readonly choices: readonly T[];
  readonly next: string | undefined;
  readonly previous: string | undefined;
}

const pageSize = 20;
/** Longer is no name that anybody types, and each word of it is a condition of the search. */
const longestQuery = 100;
const mostWords = 8;

/** `29/02/1980` and `29.02.1980` as FHIR writes a date. */
function dateOf(word: string): string | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(word)) return word;
  const [, day, month, year] = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(word) ?? [];
  return year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : undefined;
}

/** Commas, bars and the like mean something in a search. */
const escaped = (word: string) => word.replace(/[\\,$|]/g, '\\$&');

/** What was typed: dates of birth, numbers of records, and words of a name, all of which have to hold. */
function conditionsOf(typed: string): readonly (readonly [string, string])[] {
  const words = typed.slice(0, longestQuery).normalize('NFC').split(/\s+/).filter(Boolean).slice(0, mostWords);
  return words.map((word) => {
    const date = dateOf(word);
    if (date !== undefined) return ['birthdate', date] as const;
    return [/\d/.test(word) ? 'identifier' : 'name', escaped(word)] as const;
  });
}

function patientChoice({ id = '', name = [], birthDate, gender, identifier = [] }: Patient): PatientChoice {
  const official = name.find(({ use }) => use === 'official') ?? name[0];
  const { family = '', given = [], text } = official ?? {};
  return {
    id,
    name: text ?? [family.toUpperCase(), ...given].filter(Boolean).join(' '),
    birthDate,
    gender,
    identifiers: identifier.flatMap(({ value }) => value ?? []).slice(0, 3),
  };
}

function encounterChoice({ id = '', period, status, reasonCode = [] }: Encounter): EncounterChoice {
  const [reason] = reasonCode;
  return { id, start: period?.start, status, reason: reason?.text ?? reason?.coding?.[0]?.display };
}

/** The `_page` of a link of the Bundle. */
function linked(bundle: Bundle, relation: string): string | undefined {
  const url = bundle.link?.find((link) => link.relation === relation)?.url;
  return (url && URL.parse(url)?.searchParams.get('_page')) || undefined;
}

async function pageOf<R extends Resource>(
  context: Context,
  type: R['resourceType'],
  conditions: readonly (readonly [string, string])[],
  page: string | undefined,
): Promise<Choices<R>> {
  const params = new URLSearchParams();
  if (page === undefined) for (const [name, value] of conditions) params.append(name, value);
  if (page === undefined) params.set('_count', String(pageSize));
  else params.set('_page', page);
  const deed = { code: 'search-type', action: 'E', query: `${type}?${params}` } as const;
  const { text = '{}' } = await audited(context, deed, (own) => search(own, { type, params, strict: true }));
  const bundle = JSON.parse(text) as Bundle<R>;
  return {
    choices: (bundle.entry ?? []).flatMap(({ resource, search: found }) =>
      resource && found?.mode === 'match' ? [resource] : [],
    ),
    next: linked(bundle, 'next'),
    previous: linked(bundle, 'previous') ?? linked(bundle, 'prev'),
  };
}

/** Those that fit what was typed, by name, or the ones of late; audited as a search. `page` is a `next` or `previous` of before. */
export async function findPatients(
  context: Context,
  typed: string,
  page: string | undefined,
): Promise<Choices<PatientChoice>> {
  const words = conditionsOf(typed);
  // Of all patients, those of late come first: nobody reads a whole hospital by its alphabet.
  const conditions = words.length === 0 ? words : [...words, ['_sort', 'family,given'] as const];
  const found = await pageOf<Patient>(context, 'Patient', conditions, page);
  return { ...found, choices: found.choices.map(patientChoice) };
}

/** The patient's consultations, the newest first; audited as a search. */
export async function findEncounters(
  context: Context,
  patient: string,
  page: string | undefined,
): Promise<Choices<EncounterChoice>> {
  const conditions = [
    ['subject', `Patient/${patient}`],
    ['_sort', '-date'],
  ] as const;
  const found = await pageOf<Encounter>(context, 'Encounter', conditions, page);
  return { ...found, choices: found.choices.map(encounterChoice) };
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

async function readable<R extends Resource>(context: Context, type: R['resourceType'], id: string): Promise<R> {
  if (!idPattern.test(id)) throw new FhirError('notFound', `${type} ${JSON.stringify(id.slice(0, 64))} is not known.`);
  const target = `${type}/${id}`;
  const { text = '{}' } = await audited(context, { code: 'read', action: 'R', target }, (own) =>
    read(own, { type, id }),
  );
  return JSON.parse(text) as R;
}

/** The patient, read and audited. Throws FhirError `forbidden`, `notFound` or `gone`, as a read does. */
export async function readPatient(context: Context, id: string): Promise<PatientChoice> {
  return patientChoice(await readable<Patient>(context, 'Patient', id));
}

/** The same for a consultation. Throws FhirError `notFound` too when it is another patient's. */
export async function readEncounter(context: Context, id: string, patient: string): Promise<EncounterChoice> {
  const encounter = await readable<Encounter>(context, 'Encounter', id);
  if (encounter.subject?.reference === `Patient/${patient}`) return encounterChoice(encounter);
  throw new FhirError('notFound', `Encounter ${id} is not one of Patient ${patient}.`);
}

/** Throws FhirError `forbidden`, `notFound` or `gone` for a resource that the caller may not read. */
export async function demandReadable(context: Context, reference: string): Promise<void> {
  const [type = '', id = ''] = reference.split('/');
  await readable(context, type as Resource['resourceType'], id);
}
