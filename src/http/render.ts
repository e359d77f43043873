/** An answer's JSON text in the format that was asked for. */
import { lineOf, linesOf } from '../fhir/json/lines.ts';
import { prettyJson } from '../fhir/json/pretty.ts';
import { toXml } from '../fhir/xml/write.ts';
import type { Format } from './media-types.ts';

/**
 * The body of an answer; JSON as it is stored goes through untouched. Of a Bundle that is no `single` resource, lines are
 * its entries. Throws `notAcceptable` for what XML cannot say.
 */
export function render(json: string, { kind, pretty }: Pick<Format, 'kind' | 'pretty'>, single: boolean): string {
  if (kind === 'xml') return toXml(json, { pretty });
  if (kind === 'ndjson') return single ? lineOf(json) : linesOf(json);
  return pretty ? prettyJson(json) : json;
}
