/**
 * The one text of a resource over which a signature is made: RFC 8785 order and spacing, without narrative and meta
 * (which the store writes). Numbers take RFC 8785's form here, in the signed text only; what is stored keeps its digits.
 * http://hl7.org/fhir/canonicalization/json#static, https://www.rfc-editor.org/rfc/rfc8785
 */

export const canonicalization = 'http://hl7.org/fhir/canonicalization/json#static';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** The canonical text of a resource given as JSON text. */
export function canonicalText(text: string): string {
  const { meta: _, text: __, ...signed } = JSON.parse(text) as Record<string, Json>;
  return serialise(signed);
}

function serialise(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(serialise).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${serialise(each)}`).join(',')}}`;
}
