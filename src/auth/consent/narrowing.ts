/**
 * How a person may narrow what an application asks for: leave words out, or give fewer types, categories or deeds instead
 * of a whole. https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
 */
import { groups } from '../resource-groups.ts';
import { parseScope, type ResourceScope } from '../scopes.ts';
import { categoriesOf } from './categories.ts';

/** One word that may be given, and the narrower words that may be given in its place. */
export interface Offer {
  readonly word: string;
  /** What of the wider word this is; `asked` for what the application wrote. */
  readonly kind: 'asked' | 'read-only' | 'type' | 'category';
  /** Part of what the person is doing anyway, so there is nothing to decide. */
  readonly isFixed: boolean;
  readonly narrower: readonly Offer[];
}

/** Signing in, and whose record is open: without them the request would be another one. */
const fixed: ReadonlySet<string> = new Set(['openid', 'launch', 'launch/patient', 'launch/encounter']);

/** What a person may choose of everything. Definitions are about nobody and go with the whole only. */
const offeredTypes: readonly string[] = [
  ...groups.record,
  ...groups.measurements,
  ...groups.notes,
  ...groups.images,
  ...groups.predictions,
  ...groups.origins,
  ...groups.care,
  ...groups.directory,
  ...groups.audit,
  'Basic',
  'Coverage',
];

const isVersion1 = ({ text }: ResourceScope) => /\.(read|write|\*)$/.test(text);

/** What is after the dot: `rs`, `cruds`, or version 1's `read`. */
const suffix = ({ text }: ResourceScope) => text.slice(text.indexOf('.') + 1);

const lettersOf = ({ permissions }: ResourceScope) =>
  [...'cruds'].filter((each) => permissions.has(each as 'r')).join('');

/** The same for reading and searching alone, where more than that was asked. */
function readOnly(scope: ResourceScope): readonly string[] {
  const letters = lettersOf(scope);
  const reading = letters.replaceAll(/[cud]/g, '');
  if (reading === '' || reading === letters) return [];
  const query = scope.text.includes('?') ? scope.text.slice(scope.text.indexOf('?')) : '';
  const words = isVersion1(scope) ? 'read' : reading;
  return [`${scope.level}/${scope.type}.${words}${query}`];
}

function types(scope: ResourceScope): readonly string[] {
  if (scope.type !== '*') return [];
  return offeredTypes.map((type) => `${scope.level}/${type}.${suffix(scope)}`);
}

/** A scope that has a query already is narrow enough: two queries in one word would mean both at once. */
function categories(scope: ResourceScope): readonly string[] {
  if (scope.query.length > 0) return [];
  const letters = lettersOf(scope);
  return categoriesOf(scope.type).map(
    ({ system, code }) => `${scope.level}/${scope.type}.${letters}?category=${system}|${code}`,
  );
}

function offer(word: string, kind: Offer['kind'], taken: ReadonlySet<string>): Offer {
  const scope = parseScope(word);
  const isFixed = fixed.has(word);
  if (!scope) return { word, kind, isFixed, narrower: [] };
  const news = (words: readonly string[], of: Offer['kind']) =>
    words.filter((each) => !taken.has(each)).map((each) => offer(each, of, taken));
  const narrower = [
    ...(kind === 'asked' ? news(readOnly(scope), 'read-only') : []),
    ...news(types(scope), 'type'),
    ...(kind === 'read-only' ? [] : news(categories(scope), 'category')),
  ];
  // Everything for reading is a whole of its own; its types are offered once, by the wider word.
  return { word, kind, isFixed, narrower: kind === 'read-only' ? [] : narrower };
}

/** What may be given when these words were asked, all of which the client may have. */
export function offersFor(asked: readonly string[]): readonly Offer[] {
  const taken = new Set(asked);
  return asked.map((word) => offer(word, 'asked', taken));
}

/**
 * The words that are given when these boxes are ticked: a word, or those of its narrower ones that are ticked in its place,
 * because who ticks a part means no more than the part. Nothing that was not offered is ever among them.
 */
export function givenOf(offers: readonly Offer[], ticked: ReadonlySet<string>): readonly string[] {
  const given = offers.flatMap(({ word, isFixed, narrower }): readonly string[] => {
    const parts = givenOf(narrower, ticked);
    if (parts.length > 0) return parts;
    return isFixed || ticked.has(word) ? [word] : [];
  });
  return [...new Set(given)];
}

/** Whether a person who gives this has turned the application away: nothing is left but who they are signed in as. */
export function isRefusal(offers: readonly Offer[], given: readonly string[]): boolean {
  const decided = offers.filter(({ isFixed }) => !isFixed);
  return decided.length > 0 && given.every((word) => fixed.has(word));
}
