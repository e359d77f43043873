/**
 * What fields give to the object that they stand in. A field that is flattened gives what its children give, so that
 * values of several of them meet under one name.
 * https://hl7.org/fhir/R4/graphql.html#flattening
 */
import { FhirError } from '../../shared/errors.ts';

export interface Emission {
  readonly name: string;
  /** JSON text of one value; absent for a list that is empty. */
  readonly text?: string;
  /** Whether the name stands for a list, unless it is `singleton`. */
  readonly list: boolean;
  readonly singleton: boolean;
  /** The FHIR type of the value. */
  readonly type: string;
}

interface Collected {
  readonly type: string;
  readonly texts: string[];
  list: boolean;
}

/** The JSON text of the object. Throws where one value was wanted and there are more, or where types do not go together. */
export function objectText(emissions: readonly Emission[]): string {
  const members = new Map<string, Collected>();
  for (const { name, text, list, singleton, type } of emissions) {
    const before = members.get(name);
    const texts = text === undefined ? [] : [text];
    if (!before) {
      members.set(name, { type, texts, list: list && !singleton });
      continue;
    }
    if (before.type !== type) throw new FhirError('invalid', `${name} would collect ${before.type} and ${type}.`);
    if (singleton || !list) throw new FhirError('invalid', `${name} has more than one value.`);
    before.list = true;
    before.texts.push(...texts);
  }
  const parts = [...members].map(([name, { texts, list }]) => {
    return `${JSON.stringify(name)}:${list ? `[${texts.join(',')}]` : texts[0]}`;
  });
  return `{${parts.join(',')}}`;
}
