/**
 * Code systems that are a grammar or that the runtime knows: units, languages, media types, countries, currencies, URIs.
 * https://hl7.org/fhir/R4/terminologies-systems.html
 */
import type { Coding } from '@medplum/fhirtypes';
import { lazy } from '../definitions/generated.ts';
import { countries } from './countries.ts';
import { matching } from './regex.ts';
import { badFilter, type Concept, type Filter, type System, tooCostly } from './system.ts';
import { ucumSystem, unitOf } from './ucum.ts';
import { haveWords } from './words.ts';

interface Rules {
  readonly url: string;
  readonly name: string;
  readonly title: string;
  readonly caseSensitive?: boolean;
  /** The code as the system writes it with its names, or why it is none. */
  readonly read: (code: string) => { readonly code: string; readonly en?: string; readonly fr?: string } | string;
  /** All codes, where they can be listed. */
  readonly list?: () => readonly string[];
  /** Filters beyond those on `code`. */
  readonly fulfils?: (code: string, filter: Filter) => boolean | undefined;
}

const names = lazy(() => {
  const make = (type: 'region' | 'language' | 'currency') =>
    (['en', 'fr'] as const).map((language) => new Intl.DisplayNames([language], { type, fallback: 'none' }));
  return { region: make('region'), language: make('language'), currency: make('currency') };
});

function named(type: 'region' | 'language' | 'currency', code: string): { readonly en?: string; readonly fr?: string } {
  const [en, fr] = names()[type].map((in_) => in_.of(code));
  return { ...(en === undefined ? {} : { en }), ...(fr === undefined ? {} : { fr }) };
}

/** https://www.rfc-editor.org/rfc/rfc5646#section-2.2.7 */
const privateUse = /^x(?:-[a-z0-9]{1,8})+$/i;

function readLanguage(code: string) {
  if (privateUse.test(code)) return { code };
  try {
    const [canonical = ''] = Intl.getCanonicalLocales(code);
    const own = named('language', canonical);
    const { language } = new Intl.Locale(canonical);
    // Longer ones are reserved; none was ever registered.
    if (language.length > 3) return `${language} is no language.`;
    // The runtime knows every two-letter language, but not all of the thousands with three letters.
    if (language.length === 2 && named('language', language).en === undefined) return `${language} is no language.`;
    return { code: canonical, ...own };
  } catch {
    return `${code} is no language tag of BCP 47.`;
  }
}

const mediaType =
  /^[a-z0-9][\w!#$&^.+-]{0,126}\/[a-z0-9*][\w!#$&^.+-]{0,126}(?:\s*;\s*[\w!#$&^.+-]+=(?:"[^"]*"|[^\s;"]+))*$/i;
const subdivision = /^[A-Z]{2}-[A-Z0-9]{1,3}$/;
const absoluteUri = /^[a-z][a-z0-9+.-]*:\S+$/i;

const rules: readonly Rules[] = [
  {
    url: ucumSystem,
    name: 'UCUM',
    title: 'Unified Code for Units of Measure',
    caseSensitive: true,
    read(code) {
      const unit = unitOf(code);
      return typeof unit === 'string' ? unit : { code, en: unit.name };
    },
    // https://hl7.org/fhir/R4/ucum.html: units that can be converted to the given one.
    fulfils(code, { property, op, value = '' }) {
      if (property !== 'canonical' || op !== '=') return undefined;
      const [unit, other] = [unitOf(code), unitOf(value)];
      if (typeof unit === 'string' || typeof other === 'string') return false;
      return unit.dimension !== undefined && unit.dimension === other.dimension;
    },
  },
  { url: 'urn:ietf:bcp:47', name: 'BCP47', title: 'Language tags (BCP 47)', read: readLanguage },
  {
    url: 'urn:ietf:bcp:13',
    name: 'BCP13',
    title: 'Media types (BCP 13)',
    read: (code) => (mediaType.test(code) ? { code, en: code } : `${code} is no media type.`),
  },
  {
    url: 'urn:iso:std:iso:3166',
    name: 'ISO3166Part1',
    title: 'Countries (ISO 3166-1)',
    caseSensitive: true,
    read(code) {
      const letters = countries().get(code);
      return letters === undefined
        ? `${code} is no country code of ISO 3166-1.`
        : { code, ...named('region', letters) };
    },
    list: () => [...countries().keys()],
  },
  {
    url: 'urn:iso:std:iso:3166:-2',
    name: 'ISO3166Part2',
    title: 'Subdivisions of countries (ISO 3166-2)',
    caseSensitive: true,
    read: (code) =>
      subdivision.test(code) && countries().has(code.slice(0, 2)) ? { code } : `${code} is no subdivision code.`,
  },
  {
    url: 'urn:iso:std:iso:4217',
    name: 'ISO4217',
    title: 'Currencies (ISO 4217)',
    caseSensitive: true,
    read: (code) =>
      currencies().has(code) ? { code, ...named('currency', code) } : `${code} is no currency code of ISO 4217.`,
    list: () => [...currencies()],
  },
  {
    url: 'https://www.iana.org/time-zones',
    name: 'IanaTimeZones',
    title: 'IANA time zones',
    read: (code) => (zones().has(code) ? { code, en: code } : `${code} is no IANA time zone.`),
    list: () => [...zones()],
  },
  {
    url: 'urn:ietf:rfc:3986',
    name: 'URI',
    title: 'Uniform Resource Identifiers',
    caseSensitive: true,
    read: (code) => (absoluteUri.test(code) ? { code } : `${code} is no absolute URI.`),
  },
];

const currencies = lazy(() => new Set(Intl.supportedValuesOf('currency')));
const zones = lazy(() => new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]));

const displayUse: Coding = { system: 'http://terminology.hl7.org/CodeSystem/designation-usage', code: 'display' };

function conceptOf({ read }: Rules, code: string): Concept | undefined {
  const found = read(code);
  if (typeof found === 'string') return undefined;
  const { en, fr } = found;
  return {
    code: found.code,
    ...(en === undefined ? {} : { display: en }),
    designation: fr === undefined || fr === en ? [] : [{ language: 'fr', use: displayUse, value: fr }],
    property: [],
    abstract: false,
    inactive: false,
  };
}

const hasTop = {
  parents: async () => [],
  children: async () => [],
  ancestors: async () => [],
  descendants: async () => [],
};

function systemOf(own: Rules): System {
  const { url, name, title, caseSensitive = false, list } = own;
  const about = { url, name, title, status: 'active', content: 'complete', language: 'en' } as const;

  function holds({ code }: Concept, filter: Filter): boolean {
    const { property, op, value = '' } = filter;
    const special = own.fulfils?.(code, filter);
    if (special !== undefined) return special;
    if (property !== 'code' && property !== 'concept') throw badFilter({ about }, filter);
    if (op === '=') return code === value;
    if (op === 'in') return value.split(',').includes(code);
    if (op === 'not-in') return !value.split(',').includes(code);
    if (op === 'regex') return matching(value, [code])[0] === true;
    throw badFilter({ about }, filter);
  }

  return {
    about,
    caseSensitive,
    supplements: [],
    hierarchical: false,
    find: async (code) => conceptOf(own, code),
    reason(code) {
      const found = own.read(code);
      return typeof found === 'string' ? found : undefined;
    },
    fulfils: async (concept, filter) => holds(concept, filter),
    async select({ filters, words = [], limit }) {
      const codes = list?.();
      if (!codes) throw tooCostly(`The codes of ${url} cannot be listed: there is no end of them.`);
      const regexes = filters.filter(({ op, property }) => op === 'regex' && property === 'code');
      const good = regexes.map(({ value = '' }) => matching(value, codes));
      const others = filters.filter((filter) => !regexes.includes(filter));
      const found = codes
        .filter((_, at) => good.every((one) => one[at]))
        .flatMap((code) => conceptOf(own, code) ?? [])
        .filter((one) => others.every((filter) => holds(one, filter)))
        .filter((one) => haveWords([one.code, one.display, one.designation[0]?.value], words));
      if (found.length > limit) throw tooCostly(`${url} has ${found.length} codes to list; the limit is ${limit}.`);
      return found;
    },
    ...hasTop,
  };
}

const systems = lazy(() => new Map(rules.map((one) => [one.url, systemOf(one)])));

/** A system that needs no definition; undefined when there is no such rule. */
export function ruleSystem(url: string): System | undefined {
  return systems().get(url);
}
