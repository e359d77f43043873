/**
 * Value sets that nobody wrote because their URL says all.
 * https://hl7.org/fhir/R4/snomedct.html#implicit https://hl7.org/fhir/R4/loinc.html#implicit https://hl7.org/fhir/R4/codesystem.html#versioning
 */
import type { ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';
import { FhirError } from '../../shared/errors.ts';

const snomed = 'http://snomed.info/sct';
const loinc = 'http://loinc.org';

function implicit(url: string, name: string, include: ValueSetComposeInclude): ValueSet {
  return { resourceType: 'ValueSet', url, name, status: 'active', compose: { include: [include] } };
}

/** `isa/X`, `refset/X`, `refset`, `ecl/X` or nothing: all of them. */
function snomedFilter(asked: string): ValueSetComposeInclude['filter'] | undefined {
  const slash = asked.indexOf('/');
  const [kind, value] = slash < 0 ? [asked, ''] : [asked.slice(0, slash), asked.slice(slash + 1)];
  if (kind === 'isa' && value) return [{ property: 'concept', op: 'is-a', value }];
  if (kind === 'refset' && value) return [{ property: 'concept', op: 'in', value }];
  if (kind === 'refset') return [{ property: 'memberOf', op: 'exists', value: 'true' }];
  if (kind === 'ecl' && value) return [{ property: 'constraint', op: '=', value: decode(value) }];
  return undefined;
}

/** A URL that was not encoded may hold a plain percent sign. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function ofSnomed(url: string, base: string, asked: string): ValueSet {
  // http://snomed.info/sct/900000000000207008/version/20250101?fhir_vs
  const include = { system: snomed, ...(base === snomed ? {} : { version: base }) };
  if (asked === '') return implicit(url, 'AllOfSnomedCt', include);
  const filter = snomedFilter(asked.slice(1));
  if (asked[0] !== '=' || !filter) throw new FhirError('invalid', `${url} is no implicit value set of SNOMED CT.`);
  return implicit(url, 'PartOfSnomedCt', { ...include, filter });
}

/** `http://loinc.org/vs`, `http://loinc.org/vs/LL715-4` (answer list), `http://loinc.org/vs/LP14542-4` (part). */
function ofLoinc(url: string): ValueSet {
  const name = url.slice(`${loinc}/vs`.length).replace(/^\//, '');
  if (name === '') return implicit(url, 'AllOfLoinc', { system: loinc });
  const property = /^LL\d/.test(name) ? 'answer-list' : 'ancestor';
  return implicit(url, name.replace('-', ''), { system: loinc, filter: [{ property, op: '=', value: name }] });
}

/** The value set that the URL itself describes; undefined for any other URL. Throws `invalid` for half a description. */
export function implicitValueSet(url: string): ValueSet | undefined {
  if (url === `${loinc}/vs` || url.startsWith(`${loinc}/vs/`)) return ofLoinc(url);
  const at = url.indexOf('?fhir_vs');
  if (at < 0) return undefined;
  const [base, asked] = [url.slice(0, at), url.slice(at + '?fhir_vs'.length)];
  if (base === snomed || base.startsWith(`${snomed}/`)) return ofSnomed(url, base, asked);
  return asked === '' ? implicit(url, 'AllCodes', { system: base }) : undefined;
}
