/**
 * `_list`: what a List holds, one by its id or the current one of a kind, whoever's it is.
 * https://hl7.org/fhir/R4/search.html#list, https://hl7.org/fhir/R4/lifecycle.html#current
 */
import { isId } from '../../shared/id.ts';
import type { Clause, TokenValue } from '../../store/search/query.ts';
import { alternatives, bad, unescaped } from './values.ts';

const loinc = 'http://loinc.org';
const kinds = 'http://terminology.hl7.org/CodeSystem/list-example-use-codes';

interface FunctionalList {
  /** Of such a List: R4's own kinds of lists, and the LOINC codes that it names for documents. */
  readonly codes: readonly TokenValue[];
  readonly types: readonly string[];
  /** Only those of the category. */
  readonly category?: string;
}

const of = (kind: string, ...codes: readonly string[]): readonly TokenValue[] => [
  { system: kinds, code: kind },
  ...codes.map((code) => ({ system: loinc, code })),
];
const allergies = of('allergies', '18716-1', '52472-8', '48765-2');

/** The four names that R4 defines. */
const functionalLists: Readonly<Record<string, FunctionalList>> = {
  '$current-problems': { codes: of('problems', '46105-3', '11450-4'), types: ['Condition'] },
  '$current-medications': {
    codes: of('medications', '57828-6', '10160-0'),
    types: ['MedicationStatement', 'MedicationRequest'],
  },
  '$current-allergies': { codes: allergies, types: ['AllergyIntolerance'] },
  // "This list is a subset of the full allergies list."
  '$current-drug-allergies': { codes: allergies, types: ['AllergyIntolerance'], category: 'medication' },
};

/** `narrow`: what restricts a search of Lists to what the caller may see. Throws `invalid`. */
export function listClause(type: string, name: string, value: string, narrow: readonly Clause[]): Clause {
  const asked = alternatives(name, value).map((one) => unescaped(one).replace(/^List\//, ''));
  const ids = asked.filter((one) => !one.startsWith('$'));
  const wrong = ids.find((id) => !isId(id));
  if (wrong !== undefined) throw bad(name, `${JSON.stringify(wrong)} is no id of a List`);
  const held = (where: readonly Clause[]): Clause => ({
    kind: 'has',
    type: 'List',
    param: 'List.item',
    where: [...where, ...narrow],
  });
  const functional = asked.filter((one) => one.startsWith('$')).map((one) => currentClauses(type, name, one, held));
  const named: readonly Clause[][] = ids.length > 0 ? [[held([{ kind: 'id', any: ids }])]] : [];
  const ways = [...named, ...functional];
  const [[only] = []] = ways;
  return only && ways.length === 1 && ways[0]?.length === 1 ? only : { kind: 'either', ways };
}

/**
 * What current Lists of the kind hold. Nothing is guessed from what resources say of themselves: that they are on the list is
 * what makes them current.
 */
function currentClauses(
  type: string,
  name: string,
  asked: string,
  held: (where: readonly Clause[]) => Clause,
): readonly Clause[] {
  const list = Object.hasOwn(functionalLists, asked) ? functionalLists[asked] : undefined;
  if (!list) {
    const known = Object.keys(functionalLists).join(', ');
    throw bad(name, `there is no functional list ${asked}; there are ${known}`);
  }
  if (!list.types.includes(type)) throw bad(name, `${asked} is a list of ${list.types.join(' and ')}, not of ${type}`);
  const status = { system: 'http://hl7.org/fhir/list-status', code: 'current' };
  const current = held([
    { kind: 'token', param: 'List.status', any: [status], coded: true },
    { kind: 'token', param: 'List.code', any: list.codes, coded: true },
  ]);
  if (list.category === undefined) return [current];
  return [current, { kind: 'token', param: `${type}.category`, any: [{ code: list.category }], coded: true }];
}
