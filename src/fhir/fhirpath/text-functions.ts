/**
 * The functions of FHIRPath on texts and numbers.
 * https://hl7.org/fhirpath/N1/#string-manipulation, https://hl7.org/fhirpath/N1/#math
 */
import { type Collection, isObject, none } from './collection.ts';
import { asQuantity, rounded } from './quantity.ts';
import { isQuantity, isTemporal, plain, quantity } from './system.ts';

type PlainFunction = (input: Collection, ...args: readonly Collection[]) => Collection;

/** A function of one string (and string or number arguments): empty when the input or an argument is. */
function onText(apply: (text: string, ...args: string[]) => string | number | boolean | undefined): PlainFunction {
  return (input, ...args) => {
    const item = plain(input[0]);
    const text = isTemporal(item) ? item.text : item;
    if (typeof text !== 'string' || args.some((arg) => arg.length === 0)) return none;
    const result = apply(text, ...args.map(([arg]) => String(plain(arg))));
    return result === undefined ? none : [result];
  };
}

/** A function of one number (and a number as argument): empty when the input or the argument is. */
function onNumber(apply: (value: number, argument?: number) => number): PlainFunction {
  return ([item], argument) => {
    const [other] = argument ?? none;
    if (typeof item !== 'number' || argument?.length === 0) return none;
    const result = apply(item, typeof other === 'number' ? other : undefined);
    return Number.isFinite(result) ? [rounded(result)] : none;
  };
}

/** As `onNumber`, and of a quantity's value. */
function onMeasure(apply: (value: number, argument?: number) => number): PlainFunction {
  const ofNumber = onNumber(apply);
  return (input, ...args) => {
    const [item] = input;
    const measure = isQuantity(item) || isObject(item) ? asQuantity(item) : undefined;
    const [value] = ofNumber(measure ? [measure.value] : input, ...args);
    return measure && typeof value === 'number'
      ? [quantity(value, measure.unit)]
      : value === undefined
        ? none
        : [value];
  };
}

/** Patterns come from definitions that clients may post: kept compiled, unless there are suspiciously many. */
const patterns = new Map<string, RegExp>();

function pattern(source: string): RegExp {
  let compiled = patterns.get(source);
  if (!compiled) {
    if (patterns.size > 1000) patterns.clear();
    compiled = new RegExp(source, 's');
    patterns.set(source, compiled);
  }
  return compiled;
}

function substring(text: string, start = '', length?: string): string | undefined {
  const from = Number(start);
  if (from < 0 || from >= text.length) return undefined;
  return text.slice(from, length === undefined ? undefined : from + Math.max(0, Number(length)));
}

const html: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function decode(text: string, format: string): string | undefined {
  if (format === 'hex') return Buffer.from(text, 'hex').toString('utf8');
  if (format === 'base64' || format === 'urlbase64') return Buffer.from(text, 'base64').toString('utf8');
  return undefined;
}

function encode(text: string, format: string): string | undefined {
  const bytes = Buffer.from(text, 'utf8');
  if (format === 'hex') return bytes.toString('hex');
  if (format === 'base64') return bytes.toString('base64');
  return format === 'urlbase64' ? bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_') : undefined;
}

function unescaped(text: string, target: string): string | undefined {
  if (target === 'json')
    return text
      .replace(/\\(["\\/])/g, '$1')
      .replace(/\\n/g, '\n')
      .replace(/\\t/g, '\t');
  if (target !== 'html') return undefined;
  return Object.entries(html).reduceRight((at, [letter, entity]) => at.replaceAll(entity, letter), text);
}

function escaped(text: string, target: string): string | undefined {
  if (target === 'json') return JSON.stringify(text).slice(1, -1);
  return target === 'html' ? text.replace(/[&<>"']/g, (letter) => html[letter] ?? letter) : undefined;
}

export const textFunctions: Readonly<Record<string, PlainFunction>> = {
  length: onText((text) => text.length),
  upper: onText((text) => text.toUpperCase()),
  lower: onText((text) => text.toLowerCase()),
  trim: onText((text) => text.trim()),
  startsWith: onText((text, prefix = '') => text.startsWith(prefix)),
  endsWith: onText((text, suffix = '') => text.endsWith(suffix)),
  contains: onText((text, part = '') => text.includes(part)),
  indexOf: onText((text, part = '') => text.indexOf(part)),
  lastIndexOf: onText((text, part = '') => text.lastIndexOf(part)),
  substring: onText(substring),
  matches: onText((text, source = '') => pattern(source).test(text)),
  matchesFull: onText((text, source = '') => pattern(`^(?:${source})$`).test(text)),
  replace: onText((text, part = '', by = '') => text.replaceAll(part, () => by)),
  replaceMatches: onText((text, source = '', by = '') => text.replace(new RegExp(pattern(source), 'gs'), by)),
  encode: onText((text, format = '') => encode(text, format)),
  decode: onText((text, format = '') => decode(text, format)),
  escape: onText((text, target = '') => escaped(text, target)),
  unescape: onText((text, target = '') => unescaped(text, target)),
  toChars: ([item]: Collection) => (typeof item === 'string' ? [...item] : none),
  split: ([item]: Collection, [separator] = none) =>
    typeof item === 'string' && typeof separator === 'string' ? item.split(separator) : none,
  join: (input, [separator] = none) =>
    input.length === 0 ? none : [input.map(String).join(typeof separator === 'string' ? separator : '')],
  abs: onMeasure(Math.abs),
  ceiling: onNumber(Math.ceil),
  floor: onNumber(Math.floor),
  truncate: onNumber(Math.trunc),
  round: onMeasure((value, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits),
  exp: onNumber(Math.exp),
  ln: onNumber(Math.log),
  log: onNumber((value, base = Number.NaN) => Math.log(value) / Math.log(base)),
  power: onNumber((value, exponent = Number.NaN) => value ** exponent),
  sqrt: onNumber(Math.sqrt),
};
