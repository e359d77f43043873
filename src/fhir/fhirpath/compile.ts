/**
 * FHIRPath compiled to closures: parsed once, child names looked up in the definitions once, then only property reads.
 * https://hl7.org/fhirpath/N1/
 */
import { isResourceType } from '../definitions/types.ts';
import { bool, type Collection, distinct, type Item, isObject, none, truth, yes } from './collection.ts';
import { functions } from './functions.ts';
import { member, type Types } from './members.ts';
import { operators } from './operators.ts';
import { type Expression, parse } from './parse.ts';
import { type Resolving, resolveReference } from './resolve.ts';

/** What an expression can refer to besides its focus. */
export interface Environment extends Resolving {
  /** %resource: the resource that holds the focus. */
  readonly resource: unknown;
  /** %context: the focus that the whole expression started from; set by `compile`. */
  readonly context?: Collection;
  /** Further variables by name, without `%`. */
  readonly variables?: Readonly<Record<string, Collection>>;
}

type Run = (focus: Collection, environment: Environment) => Collection;

export interface Compiled {
  readonly run: Run;
  readonly types: Types;
}

/** What names mean inside an expression. */
interface Scope {
  /** The types of the focus ($this). */
  readonly types: Types;
  /** The types of %context. */
  readonly outer: Types;
}

const focusRun: Run = (focus) => focus;

const constants: Readonly<Record<string, string>> = {
  '%ucum': 'http://unitsofmeasure.org',
  '%sct': 'http://snomed.info/sct',
  '%loinc': 'http://loinc.org',
};

function variable(name: string, scope: Scope): Compiled {
  if (name === '$this') return { run: focusRun, types: scope.types };
  if (name === '%resource') return { run: (_, { resource }) => [resource], types: null };
  if (name === '%rootResource') return { run: (_, { root }) => [root], types: null };
  if (name === '%context') return { run: (_, { context = none }) => context, types: scope.outer };
  const value = Object.hasOwn(constants, name) ? constants[name] : undefined;
  if (name === '%extension')
    return { run: (_, { variables }) => variables?.['extension'] ?? none, types: ['Extension'] };
  if (value === undefined) throw new SyntaxError(`FHIRPath: unknown variable ${name}`);
  return { run: () => [value], types: ['string'] };
}

function step(on: Compiled, name: string): Compiled {
  const { types, read } = member(on.types, name);
  return {
    types,
    run: (focus, environment) => {
      const out: Item[] = [];
      for (const item of on.run(focus, environment)) read(item, out);
      return out;
    },
  };
}

const primitives: Readonly<Record<string, (item: Item) => boolean>> = {
  boolean: (item) => typeof item === 'boolean',
  string: (item) => typeof item === 'string',
  integer: Number.isInteger,
  decimal: (item) => typeof item === 'number',
};

/** Whether an item is of a type: by resourceType, by JavaScript's type, or because its static type says so. */
function typeTest(types: Types, type: string): (item: Item) => boolean {
  if (type === 'Resource' || type === 'DomainResource') return (item) => isObject(item) && 'resourceType' in item;
  if (isResourceType(type)) return (item) => isObject(item) && item['resourceType'] === type;
  // FHIRPath's own System.Boolean is FHIR's boolean.
  const name = type.charAt(0).toLowerCase() + type.slice(1);
  if (types?.length === 1) return () => types[0] === type || types[0] === name;
  const test = Object.hasOwn(primitives, name) ? primitives[name] : undefined;
  return test ?? (name === type ? (item) => typeof item === 'string' : isObject);
}

/** `on as Type`: of a choice element only that type's property is read. */
function narrow(on: Expression, type: string, scope: Scope): Compiled {
  const inner = compileIn(on, scope);
  if (on.kind === 'member' && inner.types && inner.types.length > 1) {
    const parent = on.on ? compileIn(on.on, scope) : { run: focusRun, types: scope.types };
    return step(parent, on.name + type.charAt(0).toUpperCase() + type.slice(1));
  }
  const test = typeTest(inner.types, type);
  return { types: [type], run: (focus, environment) => inner.run(focus, environment).filter(test) };
}

function isType(on: Compiled, type: string): Compiled {
  const test = typeTest(on.types, type);
  return {
    types: ['boolean'],
    run: (focus, environment) => {
      const [item] = on.run(focus, environment);
      return item === undefined ? none : bool(test(item));
    },
  };
}

type Special = (on: Compiled, args: readonly Expression[], scope: Scope) => Compiled;

/** The argument evaluated for each item of the input, as $this. */
function perItem(on: Compiled, argument: Expression | undefined, scope: Scope): Compiled {
  if (!argument) return { run: focusRun, types: on.types };
  return compileIn(argument, { ...scope, types: on.types });
}

const holds = (run: Run, item: Item, environment: Environment) => truth(run([item], environment)) === true;

/** Functions whose arguments are evaluated item by item, or are types. */
const special: Readonly<Record<string, Special>> = {
  where: (on, [criteria], scope) => {
    const { run } = perItem(on, criteria, scope);
    return { types: on.types, run: (f, e) => on.run(f, e).filter((item) => holds(run, item, e)) };
  },
  all: (on, [criteria], scope) => {
    const { run } = perItem(on, criteria, scope);
    return { types: ['boolean'], run: (f, e) => bool(on.run(f, e).every((item) => holds(run, item, e))) };
  },
  exists: (on, [criteria], scope) => {
    if (!criteria) return { types: ['boolean'], run: (f, e) => bool(on.run(f, e).length > 0) };
    const { run } = perItem(on, criteria, scope);
    return { types: ['boolean'], run: (f, e) => bool(on.run(f, e).some((item) => holds(run, item, e))) };
  },
  select: (on, [projection], scope) => {
    const { run, types } = perItem(on, projection, scope);
    return { types, run: (f, e) => on.run(f, e).flatMap((item) => run([item], e)) };
  },
  repeat: (on, [projection], scope) => {
    const { run } = perItem({ ...on, types: null }, projection, scope);
    return { types: null, run: (f, e) => repeated(on.run(f, e), (item) => run([item], e)) };
  },
  iif: (on, [criterion, then, otherwise], scope) => {
    const inner = { ...scope, types: on.types };
    const test = criterion ? compileIn(criterion, inner) : { run: () => yes };
    const one = then ? compileIn(then, inner) : { run: () => none };
    const other = otherwise ? compileIn(otherwise, inner) : { run: () => none };
    return {
      types: null,
      run: (f, e) => {
        const input = on.run(f, e);
        return (truth(test.run(input, e)) === true ? one : other).run(input, e);
      },
    };
  },
  trace: (on) => on,
  resolve: (on) => ({
    types: null,
    run: (f, e) =>
      on
        .run(f, e)
        .map((item) => resolveReference(item, e))
        .filter((item) => item !== undefined),
  }),
};

function repeated(input: Collection, project: (item: Item) => Collection): Collection {
  const found: Item[] = [];
  let last = input;
  while (last.length > 0) {
    last = distinct(last.flatMap((item) => project(item))).filter((item) => !found.includes(item));
    found.push(...last);
  }
  return found;
}

/** The type name that an argument such as `Period` or `FHIR.Period` spells. */
function typeArgument(argument: Expression | undefined): string {
  if (argument?.kind !== 'member') throw new SyntaxError('FHIRPath: expected the name of a type');
  return argument.name;
}

function call({ on, name, args }: Expression & { kind: 'call' }, scope: Scope): Compiled {
  const input = on ? compileIn(on, scope) : { run: focusRun, types: scope.types };
  if (name === 'is') return isType(input, typeArgument(args[0]));
  if (name === 'as' || name === 'ofType')
    return narrow(on ?? { kind: 'variable', name: '$this' }, typeArgument(args[0]), scope);
  const own = Object.hasOwn(special, name) ? special[name] : undefined;
  if (own) return own(input, args, scope);
  const plain = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!plain) throw new SyntaxError(`FHIRPath: unknown function ${name}()`);
  // Arguments such as those of combine() see the input's focus, as HL7's own invariants expect ($this.descendants()).
  const inner = args.map((arg) => compileIn(arg, scope).run);
  const keepsTypes = ['first', 'last', 'tail', 'single', 'skip', 'take', 'distinct'].includes(name);
  return {
    types: keepsTypes ? input.types : null,
    run: (focus, e) => plain(input.run(focus, e), ...inner.map((run) => run(focus, e))),
  };
}

function index(on: Compiled, at: Compiled): Compiled {
  return {
    types: on.types,
    run: (focus, e) => {
      const [position] = at.run(focus, e);
      return typeof position === 'number' ? on.run(focus, e).slice(position, position + 1) : none;
    },
  };
}

function root(name: string, scope: Scope): Compiled {
  // An expression may begin with the type of its focus: `Patient.name`.
  const known = scope.types?.some((type) => type === name || type.startsWith(`${name}.`));
  if (known || name === 'Resource' || name === 'DomainResource') return { run: focusRun, types: scope.types };
  if (!isResourceType(name)) return step({ run: focusRun, types: scope.types }, name);
  const test = typeTest(null, name);
  return { types: [name], run: (focus) => focus.filter(test) };
}

function compileIn(expression: Expression, scope: Scope): Compiled {
  switch (expression.kind) {
    case 'literal':
      return { types: null, run: () => [expression.value] };
    case 'empty':
      return { types: null, run: () => none };
    case 'variable':
      return variable(expression.name, scope);
    case 'member':
      return expression.on ? step(compileIn(expression.on, scope), expression.name) : root(expression.name, scope);
    case 'call':
      return call(expression, scope);
    case 'index':
      return index(compileIn(expression.on, scope), compileIn(expression.index, scope));
    case 'type':
      return expression.op === 'is'
        ? isType(compileIn(expression.on, scope), expression.type)
        : narrow(expression.on, expression.type, scope);
    case 'binary': {
      const left = compileIn(expression.left, scope).run;
      const right = compileIn(expression.right, scope).run;
      const operator = operators[expression.op];
      if (!operator) throw new SyntaxError(`FHIRPath: unknown operator ${expression.op}`);
      return { types: null, run: (focus, e) => operator(left(focus, e), right(focus, e)) };
    }
  }
}

/**
 * Compiles an expression for a focus of one of `types` (null: unknown). Throws a SyntaxError for what is not FHIRPath or
 * not supported.
 */
export function compile(expression: string | Expression, types: Types): Compiled {
  const tree = typeof expression === 'string' ? parse(expression) : expression;
  const compiled = compileIn(tree, { types, outer: types });
  return {
    types: compiled.types,
    run: (focus, environment) => compiled.run(focus, { ...environment, context: focus }),
  };
}
