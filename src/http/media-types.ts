/**
 * Content types in and out: which format a body is in, and which one the answer shall have.
 * https://hl7.org/fhir/R4/http.html#mime-type, https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 */
import { fhirJson, fhirNdjson, fhirXml } from '../fhir/formats.ts';
import { FhirError } from '../shared/errors.ts';

type Kind = 'json' | 'xml' | 'ndjson';

/** How an answer is written. */
export interface Format {
  readonly kind: Kind;
  /** Its content type. */
  readonly type: string;
  /** `_pretty=true` */
  readonly pretty: boolean;
}

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const formType = 'application/x-www-form-urlencoded';

/** What may be asked for; the first that fits a range such as `*∕*` is what it gets. */
const offers: ReadonlyMap<string, Kind> = new Map([
  [fhirJson, 'json'],
  ['application/json', 'json'],
  ['text/json', 'json'],
  [fhirXml, 'xml'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  [fhirNdjson, 'ndjson'],
  ['application/ndjson', 'ndjson'],
]);

/** https://hl7.org/fhir/R4/http.html#parameters */
const codes: ReadonlyMap<string, string> = new Map([
  ['json', fhirJson],
  ['xml', fhirXml],
  ['ndjson', fhirNdjson],
]);

export const plainFormat: Format = { kind: 'json', type: fhirJson, pretty: false };
const prettyJson: Format = { ...plainFormat, pretty: true };

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const pairs = rest.map((one): [string, string] => {
    const equals = one.indexOf('=');
    return [one.slice(0, equals).trim(), one.slice(equals + 1).replace(/^"(.*)"$/, '$1')];
  });
  return { type, parameters: new Map(pairs) };
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether a body with these headers is a resource in JSON or XML, and which; undefined for any other type. Throws
 * `unsupportedMedia` for another character set or version of FHIR.
 */
export function bodyKind(headers: Headers): 'json' | 'xml' | undefined {
  const { type, parameters } = parseMediaType(String(headers['content-type'] ?? ''));
  const kind = offers.get(type);
  if (kind === undefined || kind === 'ndjson') return undefined;
  demandCharset(parameters);
  demandVersion(parameters, 'unsupportedMedia');
  return kind;
}

/** The format of a body that has to be a resource. Throws `unsupportedMedia`. */
export function demandResourceType(headers: Headers): 'json' | 'xml' {
  const kind = bodyKind(headers);
  if (kind === undefined) throw unsupported(headers, `${fhirJson} and ${fhirXml} are`);
  return kind;
}

/** Throws `unsupportedMedia` unless the body is a form. */
export function demandForm(headers: Headers): void {
  const { type, parameters } = parseMediaType(String(headers['content-type'] ?? ''));
  if (type !== formType) throw unsupported(headers, `${formType} is`);
  demandCharset(parameters);
}

function unsupported(headers: Headers, supported: string): FhirError {
  const given = String(headers['content-type'] ?? '');
  const found = given === '' ? 'The request has no Content-Type' : `Content-Type ${given} is not supported`;
  return new FhirError('unsupportedMedia', `${found}; ${supported}.`);
}

function demandCharset(parameters: ReadonlyMap<string, string>): void {
  const charset = parameters.get('charset') ?? 'utf-8';
  if (charset === 'utf-8' || charset === 'utf8') return;
  throw new FhirError('unsupportedMedia', `The character set ${charset} is not supported; utf-8 is.`);
}

function demandVersion(parameters: ReadonlyMap<string, string>, kind: 'unsupportedMedia' | 'notAcceptable'): void {
  if (isOurVersion(parameters)) return;
  throw new FhirError(kind, `FHIR version ${parameters.get('fhirversion')} is not supported; 4.0 is.`);
}

function isOurVersion(parameters: ReadonlyMap<string, string>): boolean {
  return ['4.0', '4.0.1', undefined].includes(parameters.get('fhirversion'));
}

/**
 * The format of the answer, by `_format` and else by Accept. Throws `notAcceptable` when neither leaves one that is there.
 */
export function formatOf(accept: string | undefined, params: URLSearchParams): Format {
  // Nearly all requests: nothing to take apart.
  if (params.size === 0) return byAccept(accept);
  const format = params.get('_format');
  const chosen = format === null ? byAccept(accept) : byParameter(format);
  if (params.get('_pretty') !== 'true') return chosen;
  return chosen === plainFormat ? prettyJson : { ...chosen, pretty: true };
}

function byParameter(format: string): Format {
  // `+` in a query is a space when nobody escaped it.
  const { type, parameters } = parseMediaType(format.trim().replaceAll(' ', '+'));
  const full = codes.get(type) ?? type;
  const kind = offers.get(full);
  if (kind === undefined) {
    throw new FhirError('notAcceptable', `_format=${format} is not supported; json, xml and ndjson are.`);
  }
  demandVersion(parameters, 'notAcceptable');
  return { kind, type: full, pretty: false };
}

function byAccept(accept: string | undefined): Format {
  if (accept === undefined || accept === '*/*' || accept === fhirJson) return plainFormat;
  const ranges = rangesOf(accept);
  const fitting = ranges.filter(({ range, quality }) => quality > 0 && offerOf(range.type, ranges) !== undefined);
  const [best] = fitting
    .filter(({ range }) => isOurVersion(range.parameters))
    .toSorted((a, b) => b.quality - a.quality || Number(isWild(a.range)) - Number(isWild(b.range)));
  if (best) return formatOfType(offerOf(best.range.type, ranges) ?? fhirJson);
  if (fitting[0]) demandVersion(fitting[0].range.parameters, 'notAcceptable');
  throw new FhirError('notAcceptable', `Accept: ${accept} leaves nothing; ${fhirJson} and ${fhirXml} are there.`);
}

function formatOfType(type: string): Format {
  return type === fhirJson ? plainFormat : { kind: offers.get(type) ?? 'json', type, pretty: false };
}

interface Range {
  readonly range: MediaType;
  readonly quality: number;
}

/** More than any client names; what comes after is not looked at, so that nobody can make it dear. */
const maxRanges = 64;

function rangesOf(accept: string): readonly Range[] {
  return accept.split(',', maxRanges).map((one) => {
    const range = parseMediaType(one);
    const quality = Number(range.parameters.get('q') ?? 1);
    return { range, quality: Number.isFinite(quality) ? quality : 0 };
  });
}

function isWild({ type }: MediaType): boolean {
  return type.endsWith('/*');
}

/** The first offer of a range that is not excluded by name (`q=0`). */
function offerOf(range: string, ranges: readonly Range[]): string | undefined {
  if (!range.endsWith('/*')) return offers.has(range) ? range : undefined;
  const start = range === '*/*' ? '' : range.slice(0, -1);
  const excluded = new Set(ranges.filter(({ quality }) => quality <= 0).map((one) => one.range.type));
  return [...offers.keys()].find((type) => type.startsWith(start) && !excluded.has(type));
}

/**
 * Whether a read of a Binary wants its resource: only when FHIR's own types are asked for by name, and as much as any other.
 * https://hl7.org/fhir/R4/binary.html#rest
 */
export function wantsResource(accept: string | undefined, params: URLSearchParams): boolean {
  if (params.has('_format')) return true;
  const ranges = rangesOf(accept ?? '*/*').filter(({ quality }) => quality > 0);
  const isOurs = ({ range: { type } }: Range) => type === fhirJson || type === fhirXml || type === fhirNdjson;
  const best = Math.max(...ranges.filter((one) => !isWild(one.range)).map(({ quality }) => quality));
  return ranges.some((range) => isOurs(range) && range.quality >= best);
}
