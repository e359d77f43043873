/**
 * A part of a resource, cut out of its stored text, so that what is left of it is to the letter what was sent.
 * https://hl7.org/fhir/R4/search.html#summary
 */
import { keep } from '../definitions/generated.ts';
import { type Property, properties, typeDefinition } from '../definitions/types.ts';
import { type Member, members, objectsOf, space } from '../json/members.ts';
import { subsetted } from './part.ts';
import type { Shape } from './shape.ts';

const tag = JSON.stringify({ ...subsetted, display: 'subsetted' });

/** The names that are kept of an object; of those with a filter of their own, only what that one keeps. */
type Filter = ReadonlyMap<string, Filter | undefined>;

/** Kept of every resource, whatever is asked. */
const always: readonly string[] = ['resourceType', 'id', 'meta'];

const isRequired = ({ element }: Property): boolean => element.min > 0;
const isModifier = ({ element }: Property): boolean => element.modifier === true;

/** Backbones are looked into; a datatype is kept whole, because half a quantity says something else. */
const ofSummary: (type: string) => Filter = keep((type: string) => {
  const kept = [...properties(type)].filter(([, one]) => one.element.summary || isRequired(one) || isModifier(one));
  return new Map(
    kept.map(
      ([
        name,
        {
          type: { code },
        },
      ]) => [
        name,
        typeDefinition(code)?.kind === 'backbone' && code !== type && !type.startsWith(`${code}.`)
          ? ofSummary(code)
          : undefined,
      ],
    ),
  );
});

const ofText: (type: string) => Filter = keep((type: string) =>
  named(type, (one) => one.json === 'text' || isRequired(one)),
);
const ofData: (type: string) => Filter = keep((type: string) => named(type, ({ json }) => json !== 'text'));

function named(type: string, isKept: (property: Property) => boolean): Filter {
  return new Map([...properties(type)].filter(([, one]) => isKept(one)).map(([name]) => [name, undefined]));
}

/** Of the elements that are asked for also those that change what the others mean. */
function ofElements(type: string, names: ReadonlySet<string>): Filter {
  const isAsked = ({ json, element }: Property) => names.has(json) || names.has(element.name);
  return named(type, (one) => isAsked(one) || isRequired(one) || isModifier(one));
}

const ofKind = { true: ofSummary, text: ofText, data: ofData } as const;

function filterOf(shape: Shape, type: string): Filter | undefined {
  if (shape.kind !== 'elements') return ofKind[shape.kind](type);
  const names = [...(shape.byType.get('') ?? []), ...(shape.byType.get(type) ?? [])];
  return names.length === 0 ? undefined : ofElements(type, new Set(names));
}

/** Makes parts of one shape; filters are made once for each type. */
export function subsetter(shape: Shape): (type: string, text: string, at?: number) => string | undefined {
  const filters = new Map<string, Filter | undefined>();
  return (type, text, at = text.indexOf('{')) => {
    if (!filters.has(type)) filters.set(type, filterOf(shape, type));
    const filter = filters.get(type);
    return filter && resourceText(text, at, filter);
  };
}

const base = (name: string): string => (name.startsWith('_') ? name.slice(1) : name);

function resourceText(text: string, at: number, filter: Filter): string {
  const all = members(text, at);
  const kept: string[] = [];
  for (const member of all) {
    const name = base(member.name);
    if (name === 'meta') kept.push(`"meta":${tagged(text, member)}`);
    else if (always.includes(name)) kept.push(text.slice(member.nameStart, member.end));
    else if (filter.has(name)) kept.push(part(text, member, filter.get(name)));
  }
  if (!all.some(({ name }) => name === 'meta')) kept.splice(1, 0, `"meta":{"tag":[${tag}]}`);
  return `{${kept.join(',')}}`;
}

/** meta with the tag in it. */
function tagged(text: string, { start, end }: Member): string {
  const inside = members(text, start);
  const tags = inside.find(({ name }) => name === 'tag');
  if (!tags) return `${text.slice(start, end - 1)}${inside.length > 0 ? ',' : ''}"tag":[${tag}]}`;
  const first = space(text, tags.start + 1);
  return `${text.slice(start, first)}${tag}${text[first] === ']' ? '' : ','}${text.slice(first, end)}`;
}

function part(text: string, member: Member, filter: Filter | undefined): string {
  if (!filter) return text.slice(member.nameStart, member.end);
  const name = text.slice(member.nameStart, member.start);
  if (text[member.start] === '{') return `${name}${objectText(text, members(text, member.start), filter)}`;
  if (text[member.start] !== '[') return text.slice(member.nameStart, member.end);
  return `${name}[${objectsOf(text, member.start)
    .map((one) => objectText(text, one, filter))
    .join(',')}]`;
}

function objectText(text: string, all: readonly Member[], filter: Filter): string {
  const kept = all.filter(({ name }) => name === 'id' || filter.has(base(name)));
  return `{${kept.map((member) => part(text, member, filter.get(base(member.name)))).join(',')}}`;
}
