/**
 * Content types in and out: FHIR's JSON and nothing else.
 * https://hl7.org/fhir/R4/http.html#mime-type
 */
import { FhirError } from '../shared/errors.ts';

export const fhirJson = 'application/fhir+json';
const plainJson = 'application/json';
const formType = 'application/x-www-form-urlencoded';

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

function parse(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const pairs = rest.map((one): [string, string] => {
    const equals = one.indexOf('=');
    return [one.slice(0, equals).trim(), one.slice(equals + 1).replace(/^"(.*)"$/, '$1')];
  });
  return { type, parameters: new Map(pairs) };
}

/** Throws `unsupportedMedia` unless a body of this type, encoding and character set is one that is read here. */
export function demandContentType(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: 'resource' | 'form',
): void {
  const wanted = body === 'form' ? [formType] : [fhirJson, plainJson];
  const given = String(headers['content-type'] ?? '');
  const { type, parameters } = parse(given);
  if (!wanted.includes(type)) {
    const found = given === '' ? 'The request has no Content-Type' : `Content-Type ${given} is not supported`;
    throw new FhirError(
      'unsupportedMedia',
      `${found}; ${wanted.join(' and ')} are.`.replace(/ and (\S+) are/, ' and $1 are'),
    );
  }
  const charset = parameters.get('charset') ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8') {
    throw new FhirError('unsupportedMedia', `The character set ${charset} is not supported; utf-8 is.`);
  }
  demandVersion(parameters, 'unsupportedMedia');
  const encoding = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'identity') {
    throw new FhirError('unsupportedMedia', `Content-Encoding ${encoding} is not supported.`);
  }
}

function demandVersion(parameters: ReadonlyMap<string, string>, kind: 'unsupportedMedia' | 'notAcceptable'): void {
  const version = parameters.get('fhirversion');
  if (version === undefined || version === '4.0' || version === '4.0.1') return;
  throw new FhirError(kind, `FHIR version ${version} is not supported; 4.0 is.`);
}

const formats: Readonly<Record<string, string>> = { json: fhirJson, [plainJson]: plainJson, [fhirJson]: fhirJson };

/**
 * The content type of the answer, by `_format` and else by Accept. Throws `notAcceptable` when neither leaves JSON.
 * https://hl7.org/fhir/R4/http.html#parameters
 */
export function acceptedType(accept: string | undefined, format: string | null): string {
  if (format !== null) {
    // `+` in a query is a space when nobody escaped it.
    const { type, parameters } = parse(format.replaceAll(' ', '+'));
    const found = Object.hasOwn(formats, type) ? formats[type] : undefined;
    if (found === undefined) throw new FhirError('notAcceptable', `_format=${format} is not supported; json is.`);
    demandVersion(parameters, 'notAcceptable');
    return found;
  }
  // Nearly all requests: nothing to take apart.
  if (accept === undefined || accept === '*/*' || accept === fhirJson) return fhirJson;
  return bestOf(accept);
}

function bestOf(accept: string): string {
  const offers = accept
    .split(',')
    .map(parse)
    .filter(({ parameters }) => Number(parameters.get('q') ?? 1) > 0);
  const fits = offers.filter(({ type }) => [fhirJson, plainJson, 'application/*', '*/*'].includes(type));
  if (fits.length === 0)
    throw new FhirError('notAcceptable', `Accept: ${accept} leaves nothing; ${fhirJson} is there.`);
  const current = fits.filter(({ parameters }) => ['4.0', '4.0.1', undefined].includes(parameters.get('fhirversion')));
  if (current.length === 0) demandVersion(fits[0]?.parameters ?? new Map(), 'notAcceptable');
  return current.every(({ type }) => type === plainJson) ? plainJson : fhirJson;
}
