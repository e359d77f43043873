/**
 * FHIRPath compiled to closures: parsed once, child names looked up in the definitions once, then only property reads.
 * https://hl7.org/fhirpath/N1/
 */
import { isA, isResourceType } from '../definitions/types.ts';
import { bool, type Item, none } from './collection.ts';
import { type Compiled, type Environment, focusRun, type Run, type Scope } from './environment.ts';
import { functions } from './functions.ts';
import { lambdas } from './lambdas.ts';
import { member, type Types } from './members.ts';
import { operators } from './operators.ts';
import { type Expression, parse } from './parse.ts';
import { outsideAll, plain, quantity, temporal } from './system.ts';
import { mayBeDates, type NamedType, typeTest } from './types-of.ts';

export type { Compiled, Environment };

type Of<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>;

const constants: Readonly<Record<string, string>> = {
  '%ucum': 'http://unitsofmeasure.org',
  '%sct': 'http://snomed.info/sct',
  '%loinc': 'http://loinc.org',
  '%us-zip': '[0-9]{5}(-[0-9]{4}){0,1}',
};

/** Variables that the environment may bring. */
const brought = new Set(['%extension', '%previous', '%current', '%patient', '%user', '%profile']);

function constant(name: string): string | undefined {
  if (name.startsWith('%vs-')) return `http://hl7.org/fhir/ValueSet/${name.slice(4)}`;
  if (name.startsWith('%ext-')) return `http://hl7.org/fhir/StructureDefinition/${name.slice(5)}`;
  return Object.hasOwn(constants, name) ? constants[name] : undefined;
}

function variable(name: string, scope: Scope): Compiled {
  switch (name) {
    case '$this':
      return { run: focusRun, types: scope.types };
    case '$index':
      return { run: (_, { index }) => (index === undefined ? none : [index]), types: ['System.Integer'] };
    case '$total':
      return { run: (_, { total = none }) => total, types: null };
    case '%resource':
      return { run: (_, { resource }) => [resource], types: null };
    case '%rootResource':
      return { run: (_, { root }) => [root], types: null };
    case '%context':
      scope.asks.context = true;
      return { run: (_, { context = none }) => context, types: scope.outer };
    default:
      return named(name);
  }
}

function named(name: string): Compiled {
  const value = constant(name);
  if (value !== undefined) return { run: () => [value], types: ['System.String'] };
  if (!brought.has(name)) throw new SyntaxError(`FHIRPath: unknown variable ${name}`);
  return { run: (_, { variables }) => variables?.[name.slice(1)] ?? none, types: null };
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

/** `on as Type`: of a choice element only that type's property is read. */
function narrow(on: Expression, wanted: NamedType, scope: Scope): Compiled {
  const { type } = wanted;
  const inner = scope.compile(on, scope);
  if (on.kind === 'member' && inner.types && inner.types.length > 1) {
    const parent = on.on ? scope.compile(on.on, scope) : { run: focusRun, types: scope.types };
    return step(parent, on.name + type.charAt(0).toUpperCase() + type.slice(1));
  }
  const test = typeTest(inner.types, wanted);
  return { types: [type], run: (focus, environment) => inner.run(focus, environment).filter(test) };
}

function isType(on: Expression, wanted: NamedType, scope: Scope, lenient: boolean): Compiled {
  const inner = scope.compile(on, scope);
  const test = typeTest(inner.types, wanted, lenient);
  const isChoice = on.kind === 'member' && inner.types !== null && inner.types.length > 1;
  const isFhir =
    wanted.namespace !== 'System' && (lenient || !/^[A-Z]/.test(wanted.type) || inner.types?.includes(wanted.type));
  const chosen = isChoice && isFhir ? narrow(on, wanted, scope).run : undefined;
  return {
    types: ['System.Boolean'],
    run: (focus, environment) => {
      const [item] = inner.run(focus, environment);
      if (item === undefined) return none;
      return bool(chosen ? chosen(focus, environment).length > 0 : test(item));
    },
  };
}

/** The type that an argument such as `Period` or `FHIR.Period` spells. */
function typeArgument(argument: Expression | undefined): NamedType {
  if (argument?.kind !== 'member') throw new SyntaxError('FHIRPath: expected the name of a type');
  const { on, name } = argument;
  return { type: name, ...(on?.kind === 'member' ? { namespace: on.name } : {}) };
}

const keepTypes = new Set(['first', 'last', 'tail', 'single', 'skip', 'take', 'distinct', 'intersect', 'exclude']);
const resultTypes: Readonly<Record<string, string>> = {
  toString: 'String',
  toInteger: 'Integer',
  toDecimal: 'Decimal',
  toBoolean: 'Boolean',
  toDate: 'Date',
  toDateTime: 'DateTime',
  toTime: 'Time',
  toQuantity: 'Quantity',
  count: 'Integer',
  length: 'Integer',
  not: 'Boolean',
  empty: 'Boolean',
  hasValue: 'Boolean',
};

function typesOfCall(name: string, input: Types): Types {
  if (keepTypes.has(name)) return input;
  if (name === 'extension') return ['Extension'];
  return Object.hasOwn(resultTypes, name) ? [`System.${resultTypes[name]}`] : null;
}

function call({ on, name, args }: Of<'call'>, scope: Scope): Compiled {
  const target: Expression = on ?? { kind: 'variable', name: '$this' };
  if (name === 'is') return isType(target, typeArgument(args[0]), scope, false);
  if (name === 'as' || name === 'ofType') return narrow(target, typeArgument(args[0]), scope);
  const input = on ? scope.compile(on, scope) : { run: focusRun, types: scope.types };
  const own = Object.hasOwn(lambdas, name) ? lambdas[name] : undefined;
  if (own) return own(input, args, scope);
  const plainFunction = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!plainFunction) throw new SyntaxError(`FHIRPath: unknown function ${name}()`);
  // Arguments such as those of combine() see the input's focus, as HL7's own invariants expect ($this.descendants()).
  const inner = args.map((arg) => scope.compile(arg, scope).run);
  return {
    types: typesOfCall(name, input.types),
    run: (focus, e) => plainFunction(input.run(focus, e), ...inner.map((run) => run(focus, e))),
  };
}

function index(on: Compiled, at: Compiled): Compiled {
  return {
    types: on.types,
    run: (focus, e) => {
      const position = plain(at.run(focus, e)[0]);
      return typeof position === 'number' && position >= 0 ? on.run(focus, e).slice(position, position + 1) : none;
    },
  };
}

function root(name: string, scope: Scope): Compiled {
  // An expression may begin with the type of its focus: `Patient.name`.
  const known = scope.types?.some((type) => type === name || type.startsWith(`${name}.`) || isA(type, name));
  if (known || name === 'Resource' || name === 'DomainResource') return { run: focusRun, types: scope.types };
  if (!isResourceType(name)) return step({ run: focusRun, types: scope.types }, name);
  const test = typeTest(null, { type: name });
  return { types: [name], run: (focus) => focus.filter(test) };
}

function literal({ value, type, unit }: Of<'literal'>): Compiled {
  const types = type ? [`System.${type}`] : null;
  if (type === 'Quantity') return { types, run: () => [quantity(Number(value), unit ?? '1')] };
  if (type === 'Date' || type === 'DateTime' || type === 'Time')
    return { types, run: () => [temporal(type, String(value))] };
  return { types, run: () => [value] };
}

const numbers = new Set(['System.Integer', 'System.Decimal']);

function typesOfBinary(op: string, left: Types, right: Types): Types {
  if (op === '|') return left && right ? [...new Set([...left, ...right])] : null;
  if (op === '&') return ['System.String'];
  if (op === 'div') return ['System.Integer'];
  if (!['+', '-', '*', '/', 'mod'].includes(op)) return ['System.Boolean'];
  const all = [...(left ?? ['?']), ...(right ?? ['?'])];
  if (all.every((type) => type === 'System.String')) return ['System.String'];
  if (!all.every((type) => numbers.has(type))) return null;
  return op === '/' || all.includes('System.Decimal') ? ['System.Decimal'] : ['System.Integer'];
}

function binary({ op, left, right }: Of<'binary'>, scope: Scope): Compiled {
  const operator = operators[op];
  if (!operator) throw new SyntaxError(`FHIRPath: unknown operator ${op}`);
  const [a, b] = [scope.compile(left, scope), scope.compile(right, scope)];
  const dates = mayBeDates(a.types) && mayBeDates(b.types);
  const run: Run = (focus, e) => operator(a.run(focus, e), b.run(focus, e), dates);
  return { types: typesOfBinary(op, a.types, b.types), run };
}

function compileIn(expression: Expression, scope: Scope): Compiled {
  switch (expression.kind) {
    case 'literal':
      return literal(expression);
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
        ? isType(expression.on, expression, scope, true)
        : narrow(expression.on, expression, scope);
    case 'binary':
      return binary(expression, scope);
  }
}

/** FHIR's name for one of FHIRPath's own types. */
function fhirName(type: string): string {
  if (!type.startsWith('System.')) return type;
  const name = type.slice('System.'.length);
  return name === 'Quantity' ? name : name.charAt(0).toLowerCase() + name.slice(1);
}

/**
 * Compiles an expression for a focus of one of `types` (null: unknown). Throws a SyntaxError for what is not FHIRPath or
 * not supported. The result is JSON: dates and times are texts, quantities have `value` and `unit`.
 */
export function compile(expression: string | Expression, types: Types): Compiled {
  const tree = typeof expression === 'string' ? parse(expression) : expression;
  const asks = { context: false };
  const { run, types: found } = compileIn(tree, { types, outer: types, asks, compile: compileIn });
  return {
    types: found?.map(fhirName) ?? null,
    // The copy costs more than most expressions do.
    run: (focus, environment) =>
      outsideAll(run(focus, asks.context ? { ...environment, context: focus } : environment)),
  };
}
