/**
 * A GraphQL request as a checked document: one query, of bounded size, with its variables.
 * https://hl7.org/fhir/R4/graphql.html, https://spec.graphql.org/October2021/#sec-Language
 */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';
import { FhirError } from '../../shared/errors.ts';
import { type Variables, variablesOf } from './arguments.ts';

/** Characters and tokens of a query; whoever needs more asks several questions. */
const maxLength = 50_000;
const maxTokens = 10_000;
/** Selections within selections; deeper than any resource. */
const maxDepth = 24;
/** Fields with all fragments put in where they are used. */
const maxFields = 2000;

export interface GraphqlRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

export interface Query {
  readonly selectionSet: SelectionSetNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Variables;
}

/** Throws `invalid` for what is no GraphQL, more than one query without a name, too much, or no query at all. */
export function readQuery({ query, operationName, variables = {} }: GraphqlRequest): Query {
  if (query.length > maxLength) throw new FhirError('invalid', `A query has at most ${maxLength} characters.`);
  const document = parsed(query);
  const operation = operationOf(document, operationName);
  if (operation.operation !== 'query') {
    const diagnostics = `A GraphQL ${operation.operation} is not supported; this server answers queries.`;
    throw new FhirError('invalid', diagnostics, {
      issues: [{ severity: 'error', code: 'not-supported', diagnostics }],
    });
  }
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) if (node.kind === 'FragmentDefinition') fragments.set(node.name.value, node);
  demandBounded(operation.selectionSet, fragments);
  return { selectionSet: operation.selectionSet, fragments, variables: variablesOf(operation, variables) };
}

function parsed(query: string): DocumentNode {
  try {
    return parse(query, { maxTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [at] = error.locations ?? [];
    const where = at ? ` (line ${at.line}, column ${at.column})` : '';
    throw new FhirError('invalid', `${error.message}${where}`);
  }
}

function operationOf({ definitions }: DocumentNode, name: string | undefined): OperationDefinitionNode {
  const all = definitions.filter((node) => node.kind === 'OperationDefinition');
  const other = definitions.find(({ kind }) => kind !== 'OperationDefinition' && kind !== 'FragmentDefinition');
  if (other) throw new FhirError('invalid', `A ${other.kind} is no part of a query.`);
  const named = name === undefined ? all : all.filter((node) => node.name?.value === name);
  const [operation] = named;
  if (operation && named.length === 1) return operation;
  const problem =
    name === undefined
      ? `The document has ${all.length} operations; operationName chooses one.`
      : `The document has no operation ${name}.`;
  throw new FhirError('invalid', problem);
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

interface Walk {
  readonly fragments: Fragments;
  fields: number;
}

/** Throws for fragments that are missing or contain themselves, and beyond the limits of depth and size. */
function demandBounded(root: SelectionSetNode, fragments: Fragments): void {
  walkSet({ fragments, fields: 0 }, root, 1, []);
}

function walkSet(walk: Walk, { selections }: SelectionSetNode, depth: number, open: readonly string[]): void {
  if (depth > maxDepth) throw new FhirError('invalid', `A query has at most ${maxDepth} levels.`);
  walk.fields += selections.length;
  if (walk.fields > maxFields) throw new FhirError('invalid', `A query has at most ${maxFields} fields.`);
  for (const node of selections) {
    if (node.kind === 'FragmentSpread') walkFragment(walk, node.name.value, depth, open);
    else if (node.selectionSet) walkSet(walk, node.selectionSet, node.kind === 'Field' ? depth + 1 : depth, open);
  }
}

function walkFragment(walk: Walk, name: string, depth: number, open: readonly string[]): void {
  if (open.includes(name)) throw new FhirError('invalid', `The fragment ${name} contains itself.`);
  walkSet(walk, fragmentOf(walk.fragments, name).selectionSet, depth, [...open, name]);
}

export function fragmentOf(fragments: Fragments, name: string): FragmentDefinitionNode {
  const fragment = fragments.get(name);
  if (fragment) return fragment;
  throw new FhirError('invalid', `There is no fragment ${name}.`);
}
