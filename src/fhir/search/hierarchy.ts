/**
 * `:above` and `:below` on references: along a hierarchy of resources (the ward is in the hospital), and of the versions of what
 * a canonical URL names.
 * https://hl7.org/fhir/R4/search.html#reference
 */
import { FhirError } from '../../shared/errors.ts';
import { isId } from '../../shared/id.ts';
import type { Clause, ReferenceValue } from '../../store/search/query.ts';
import type { Context } from '../context.ts';
import { resourceTypes } from '../definitions/types.ts';
import type { Asked } from './clause.ts';
import type { Looking } from './code-sets.ts';
import { extract } from './extract.ts';
import { parseReference } from './extract-reference.ts';
import { parameterOf, type SearchParameter, type WithParameters } from './parameters.ts';
import { alternatives, bad, unescaped } from './values.ts';

/** A hierarchy with more members below one of them is not followed. */
const mostMembers = 10_000;
/** Nor one that is deeper; real ones have ten levels. */
const mostLevels = 50;

export interface Climbing extends Looking, WithParameters {
  /** What narrows a search of a type to what the caller may see; throws `forbidden` for a type that it may not search. */
  readonly narrow: (type: string) => readonly Clause[];
}

type Direction = 'above' | 'below';

/** The clause of a reference parameter with `:above` or `:below`; undefined for any other modifier. */
export function hierarchyClause(climbing: Climbing, parameter: SearchParameter, asked: Asked): Clause | undefined {
  const { type, name, modifier, value } = asked;
  if (modifier !== 'above' && modifier !== 'below') return undefined;
  const any = alternatives(name, value).flatMap((one) =>
    relatives(climbing, parameter, { name, direction: modifier, text: unescaped(one) }),
  );
  return { kind: 'reference', param: `${type}.${parameter.code}`, any };
}

interface Start {
  readonly name: string;
  readonly direction: Direction;
  readonly text: string;
}

function relatives(climbing: Climbing, parameter: SearchParameter, start: Start): readonly ReferenceValue[] {
  const { name, text } = start;
  const found = parseReference(text);
  if (found && (found.base === '' || found.base === climbing.base))
    return family(climbing, start, found.type, found.id);
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return editions(climbing, parameter, start);
  if (!isId(text)) throw bad(name, `${JSON.stringify(text)} is no reference like Location/1, 1 or a URL`);
  const types = (parameter.targets ?? resourceTypes()).filter((type) => parentOf(climbing, type) !== undefined);
  if (types.length === 0) throw bad(name, 'what it points at has no hierarchy');
  return types.flatMap((type) => family(climbing, start, type, text));
}

/** The parameter by which resources of a type point at the one above them. */
function parentOf(climbing: WithParameters, type: string): string | undefined {
  return ['partof', 'part-of'].find((code) => parameterOf(climbing, type, code)?.targets?.includes(type));
}

function family(climbing: Climbing, { name, direction }: Start, type: string, id: string): readonly ReferenceValue[] {
  const parent = parentOf(climbing, type);
  if (parent === undefined) throw bad(name, `${type} has no hierarchy`);
  if (!climbing.lookUp) throw bad(name, `:${direction} is not possible here`);
  const where = climbing.narrow(type);
  const step = { type, param: `${type}.${parent}`, where };
  const find = async (context: Context) => {
    const known = new Set([id]);
    let edge: readonly string[] = [id];
    for (let level = 0; edge.length > 0; level += 1) {
      if (level > mostLevels || known.size > mostMembers) throw tooMany(name);
      const next = await (direction === 'below' ? below(context, step, edge) : above(context, step, edge));
      edge = next.filter((one) => !known.has(one));
      for (const one of edge) known.add(one);
    }
    return [...known].map((one) => ({ type, id: one }));
  };
  return climbing.lookUp<readonly ReferenceValue[]>(`${direction} ${type}/${id}`, find, [{ type, id }]);
}

function tooMany(name: string): FhirError {
  const diagnostics = `Search parameter ${name}: the hierarchy has more than ${mostMembers} members or ${mostLevels} levels.`;
  return new FhirError('unprocessable', diagnostics, {
    issues: [{ severity: 'error', code: 'too-costly', diagnostics }],
  });
}

interface Step {
  readonly type: string;
  readonly param: string;
  readonly where: readonly Clause[];
}

async function below({ store }: Context, { type, param, where }: Step, edge: readonly string[]): Promise<string[]> {
  const any = edge.map((id) => ({ type, id }));
  const clauses: readonly Clause[] = [{ kind: 'reference', param, any }, ...where];
  const page = await store.search({ type, where: clauses, sort: [], count: mostMembers + 1, total: 'none' });
  return page.versions.map(({ id }) => id);
}

async function above(
  { store, base, parameters }: Context,
  { type, param, where }: Step,
  edge: readonly string[],
): Promise<string[]> {
  const clauses: readonly Clause[] = [{ kind: 'id', any: edge }, ...where];
  const page = await store.search({ type, where: clauses, sort: [], count: edge.length, total: 'none' });
  return page.versions
    .flatMap(({ body }) => extract(JSON.parse(body), { base, parameters }))
    .flatMap((row) => (row.kind === 'reference' && row.param === param && row.target ? [row.target.id] : []));
}

/**
 * `url|1` is above `url|1.2`. What is above can be told from the version itself; what is below are the versions that this
 * server has.
 */
function editions(climbing: Climbing, parameter: SearchParameter, { name, direction, text }: Start): ReferenceValue[] {
  const bar = text.indexOf('|');
  const [url, version] = bar < 0 ? [text, ''] : [text.slice(0, bar), text.slice(bar + 1)];
  // A canonical is also indexed without its version.
  if (version === '' && direction === 'below') return [{ url }];
  if (direction === 'above') {
    const parts = version === '' ? [] : version.split('.');
    // Without a version every one would be found.
    return [{ url: text }, ...parts.map((_, at) => ({ url: `${url}|${parts.slice(0, at + 1).join('.')}` }))];
  }
  if (!climbing.lookUp) throw bad(name, ':below is not possible here');
  const types = (parameter.targets ?? []).filter(
    (type) => parameterOf(climbing, type, 'url')?.type === 'uri' && parameterOf(climbing, type, 'version'),
  );
  const narrowed = types.map((type) => ({ type, where: climbing.narrow(type) }));
  const find = async (context: Context) => {
    const known = await Promise.all(narrowed.map(({ type, where }) => versionsOf(context, type, url, where)));
    return known.flat().filter((one) => one === version || one.startsWith(`${version}.`));
  };
  const known = climbing.lookUp<readonly string[]>(`editions ${types.join(' ')} ${text}`, find, []);
  return [...new Set([version, ...known])].map((one) => ({ url: `${url}|${one}` }));
}

async function versionsOf(
  { store }: Context,
  type: string,
  url: string,
  where: readonly Clause[],
): Promise<readonly string[]> {
  const clauses: readonly Clause[] = [{ kind: 'uri', param: `${type}.url`, any: [url], match: 'exact' }, ...where];
  const page = await store.search({ type, where: clauses, sort: [], count: 1000, total: 'none' });
  return page.versions.flatMap(({ body }) => {
    const { version } = JSON.parse(body) as { readonly version?: unknown };
    return typeof version === 'string' ? [version] : [];
  });
}
