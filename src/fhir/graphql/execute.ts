/**
 * Runs a planned query over resources as they are stored: values keep their exact text, references and searches of one
 * level go to the store together. https://hl7.org/fhir/R4/graphql.html
 */
import { FhirError } from '../../shared/errors.ts';
import type { Version } from '../../store/resources/version.ts';
import { child, type Node, parseTree } from '../json/tree.ts';
import { parseReference } from '../search/extract-reference.ts';
import { textOf } from './arguments.ts';
import { connectionText, wantsCount } from './connection.ts';
import type { Query } from './document.ts';
import { type Emission, objectText } from './emission.ts';
import { fhirpath, selector } from './filter.ts';
import { demandKnown, type FieldPlan, planResource } from './plan.ts';
import type { Reads } from './reads.ts';
import { searchParams } from './search-arguments.ts';

export interface Running {
  readonly query: Query;
  readonly reads: Reads;
  /** The resource that is selected from; absent at the root of a system-level query. */
  readonly resource?: { readonly type: string; readonly id: string; readonly node: Node };
}

type Of<Kind extends FieldPlan['kind']> = Extract<FieldPlan, { readonly kind: Kind }>;

/** What the fields give for one value, in their order. */
export async function run(
  running: Running,
  type: string,
  fields: readonly FieldPlan[],
  node: Node,
): Promise<Emission[]> {
  running.reads.spend('elements', fields.length);
  const emissions = await Promise.all(fields.map((field) => emit(running, type, field, node)));
  return emissions.flat();
}

function emit(running: Running, type: string, field: FieldPlan, node: Node): Promise<Emission[]> | Emission[] {
  switch (field.kind) {
    case 'word':
      return [single(field, 'code', JSON.stringify(type))];
    case 'scalar':
      return scalars(field, node);
    case 'object':
      return objects(running, field, node);
    case 'resource':
      return referred(running, field, node);
    default:
      return searched(running, field);
  }
}

function single({ key, singleton }: FieldPlan, type: string, text: string): Emission {
  return { name: key, text, list: false, singleton, type };
}

function valuesOf(node: Node, name: string): readonly Node[] {
  const found = child(node, name);
  return found === undefined ? [] : found.kind === 'array' ? found.items : [found];
}

function scalars(field: Of<'scalar'>, node: Node): Emission[] {
  const values = valuesOf(node, field.json);
  const list = field.list && !field.first;
  return (field.first ? values.slice(0, 1) : values).flatMap((value) =>
    value.kind === 'scalar'
      ? [{ name: field.key, text: value.text, list, singleton: field.singleton, type: field.type }]
      : [],
  );
}

async function objects(running: Running, field: Of<'object'>, node: Node): Promise<Emission[]> {
  const root = running.resource?.node ?? node;
  const values = selector(field.type, field.args)(valuesOf(node, field.json), root).filter(
    ({ kind }) => kind === 'object',
  );
  const placed = await Promise.all(
    (field.first ? values.slice(0, 1) : values).map(async (value) => {
      // Of what is contained the type is known only here.
      const type = field.type === 'Resource' ? typeOf(value) : field.type;
      const fields = field.type === 'Resource' ? planResource(running.query, type, field.sets) : field.fields;
      return { value, root, type, emissions: await run(running, type, fields, value) };
    }),
  );
  return shaped(field, field.list && !field.first, placed);
}

function typeOf(resource: Node): string {
  const said = child(resource, 'resourceType');
  return said?.kind === 'scalar' ? (JSON.parse(said.text) as string) : '';
}

interface Placed {
  readonly value: Node;
  /** The resource that it is of. */
  readonly root: Node;
  readonly type: string;
  readonly emissions: readonly Emission[];
}

/** Each value as an object of its own, or what it gives in place of it (`@flatten`), named by its slice. */
function shaped(field: FieldPlan, list: boolean, placed: readonly Placed[]): Emission[] {
  return placed.flatMap(({ value, root, type, emissions }, at): readonly Emission[] => {
    const suffix = field.slice === undefined ? '' : `.${sliceOf(field.slice, type, value, root, at)}`;
    const { singleton } = field;
    if (!field.flatten) return [{ name: field.key + suffix, text: objectText(emissions), list, singleton, type }];
    return emissions.map((one) => ({ ...one, name: one.name + suffix, list: one.list || list }));
  });
}

function sliceOf(path: string, type: string, value: Node, root: Node, at: number): string {
  if (path === '$index') return String(at);
  const [said] = fhirpath(path, type)(value, root);
  return typeof said === 'object' || said === undefined ? '' : String(said);
}

/** What the Reference `node` points at. */
async function referred(running: Running, field: Of<'resource'>, node: Node): Promise<Emission[]> {
  demandKnown(running.query, field.targets, field.sets);
  for (const name of field.args.keys()) {
    if (name !== 'type' && name !== 'optional') throw new FhirError('invalid', `resource has no argument ${name}.`);
  }
  const text = child(node, 'reference');
  const reference = text?.kind === 'scalar' ? (JSON.parse(text.text) as string) : undefined;
  const found = reference === undefined ? undefined : await resolve(running, reference);
  if (!found) {
    const optional = field.args.get('optional') === true || reference === undefined;
    if (optional) return [];
    throw new FhirError('notFound', `The reference ${reference} cannot be resolved.`);
  }
  const wanted = field.args.get('type');
  if (wanted !== undefined && textOf('type', wanted) !== found.type) return [];
  return ofResource(running, field, found);
}

interface Target {
  readonly type: string;
  readonly id: string;
  readonly node: Node;
}

async function resolve({ reads, resource }: Running, reference: string): Promise<Target | undefined> {
  if (reference.startsWith('#')) {
    const contained = resource && valuesOf(resource.node, 'contained');
    const node = contained?.find((one) => idOf(one) === reference.slice(1));
    return node && resource && { type: typeOf(node), id: resource.id, node };
  }
  const target = parseReference(reference);
  if (!target || (target.base !== '' && target.base !== reads.context.base)) return undefined;
  const version = await reads.resolve(target.type, target.id);
  return version && targetOf(version);
}

function idOf(node: Node): string | undefined {
  const id = child(node, 'id');
  return id?.kind === 'scalar' ? (JSON.parse(id.text) as string) : undefined;
}

export function targetOf({ type, id, body }: Version): Target {
  return { type, id, node: parseTree(body) };
}

async function ofResource(running: Running, field: FieldPlan, target: Target): Promise<Emission[]> {
  return shaped(field, false, [await placedOf(running, field, target)]);
}

/** What is selected of a whole resource. */
async function placedOf(running: Running, { sets }: Pick<FieldPlan, 'sets'>, target: Target): Promise<Placed> {
  const { type, node } = target;
  const fields = planResource(running.query, type, sets);
  return { value: node, root: node, type, emissions: await run({ ...running, resource: target }, type, fields, node) };
}

async function searched(running: Running, field: Of<'list' | 'connection' | 'one'>): Promise<Emission[]> {
  if (field.kind !== 'connection') demandKnown(running.query, [field.type], field.sets);
  if (field.kind === 'one') return one(running, field);
  const { reads, resource } = running;
  const cursor = field.args.get('_cursor') ?? field.args.get('cursor');
  if (cursor !== undefined && (resource || field.kind === 'list')) {
    throw new FhirError('invalid', 'A cursor is for a connection at the root of a query.');
  }
  const referrer = resource && `${resource.type}/${resource.id}`;
  const { parameters } = reads.context;
  // What a cursor goes on with says everything.
  const params = cursor === undefined ? searchParams(field, { parameters, referrer }) : new URLSearchParams();
  if (field.kind === 'list') return list(running, field, params);
  if (cursor === undefined && wantsCount(running.query, field.sets)) params.set('_total', 'accurate');
  const found = await reads.connection(
    field.type,
    params,
    cursor === undefined ? undefined : textOf('_cursor', cursor),
  );
  const kept = { ...found, versions: found.versions.filter((version) => matching(field)(targetOf(version))) };
  const text = await connectionText(running.query, field.sets, kept, async (version, sets) => {
    demandKnown(running.query, [field.type], sets);
    return objectText((await placedOf(running, { sets }, targetOf(version))).emissions);
  });
  return [single(field, 'Connection', text)];
}

async function one({ reads, ...running }: Running, field: Of<'list' | 'connection' | 'one'>): Promise<Emission[]> {
  const { type, args } = field;
  const id = args.get('id') ?? args.get('_id');
  if (id === undefined || args.size > 1) throw new FhirError('invalid', `${type} needs its id, and nothing else.`);
  return ofResource({ ...running, reads }, field, targetOf(await reads.read(type, textOf('id', id))));
}

async function list(
  running: Running,
  field: Of<'list' | 'connection' | 'one'>,
  params: URLSearchParams,
): Promise<Emission[]> {
  const targets = (await running.reads.list(field.type, params)).map(targetOf).filter(matching(field));
  const wanted = field.first ? targets.slice(0, 1) : targets;
  const placed = await Promise.all(wanted.map((target) => placedOf(running, field, target)));
  if (placed.length > 0 || field.flatten || field.first) return shaped(field, !field.first, placed);
  return [{ name: field.key, list: true, singleton: false, type: field.type }];
}

/** https://hl7.org/fhir/R4/graphql.html#searching: FHIRPath that is asked of each match. */
function matching({ args, type }: Of<'list' | 'connection' | 'one'>): (target: Target) => boolean {
  const expression = args.get('fhirpath');
  if (expression === undefined) return () => true;
  const select = selector(type, new Map([['fhirpath', expression]]));
  return ({ node }) => select([node], node).length > 0;
}
