/**
 * The functions of FHIRPath whose arguments are evaluated item by item, or that ask the environment.
 * https://hl7.org/fhirpath/N1/#filtering-and-projection, https://hl7.org/fhir/R4/fhirpath.html#functions
 */
import { bool, type Collection, distinct, type Item, none, truth, yes } from './collection.ts';
import { type Compiled, type Environment, focusRun, type Run, type Scope } from './environment.ts';
import type { Expression } from './parse.ts';
import { resolveReference } from './resolve.ts';
import { plain, temporal } from './system.ts';
import { typeInfo } from './types-of.ts';

type Lambda = (on: Compiled, args: readonly Expression[], scope: Scope) => Compiled;

/** The argument evaluated for each item of the input, as $this. */
function perItem(on: Compiled, argument: Expression | undefined, scope: Scope): Compiled {
  if (!argument) return { run: focusRun, types: on.types };
  return scope.compile(argument, { ...scope, types: on.types });
}

/** Whether an expression, or one inside it, asks for $index. */
function asksIndex(expression: Expression | undefined): boolean {
  return expression !== undefined && JSON.stringify(expression).includes('"$index"');
}

type Each = (item: Item, environment: Environment) => Collection;

/** Runs the argument for items one by one, with $index where it asks for that. */
function each(
  run: Run,
  argument: Expression | undefined,
): (environment: Environment) => (item: Item, at: number) => Collection {
  const one: Each = (item, e) => run([item], e);
  if (!asksIndex(argument)) return (e) => (item) => one(item, e);
  return (e) => (item, index) => one(item, { ...e, index });
}

const isTrue = (collection: Collection) => truth(collection) === true;

function criteria(combine: (input: Collection, holds: (item: Item, at: number) => boolean) => boolean): Lambda {
  return (on, [argument], scope) => {
    const test = each(perItem(on, argument, scope).run, argument);
    return {
      types: ['System.Boolean'],
      run: (f, e) => {
        const holds = test(e);
        return bool(combine(on.run(f, e), (item, at) => isTrue(holds(item, at))));
      },
    };
  };
}

const some = criteria((input, holds) => input.some(holds));

/** Posted expressions may repeat without end: `repeat('x' & $this)`. */
const mostRepeated = 100_000;

function repeated(input: Collection, project: (item: Item) => Collection): Collection {
  const found = new Set<Item>();
  let last = input;
  while (last.length > 0 && found.size < mostRepeated) {
    last = distinct(last.flatMap((item) => project(item))).filter((item) => !found.has(plain(item)));
    for (const item of last) found.add(plain(item));
  }
  return [...found];
}

const asked = (item: Item, url: Collection, ask: ((item: Item, url: string) => boolean | undefined) | undefined) => {
  const text = plain(url[0]);
  return item === undefined || typeof text !== 'string' ? none : bool(ask?.(plain(item), text));
};

function environmentTest(which: 'conformsTo' | 'memberOf'): Lambda {
  return (on, [argument], scope) => {
    const url = argument ? scope.compile(argument, scope).run : () => none;
    return {
      types: ['System.Boolean'],
      run: (f, e) => asked(on.run(f, e)[0], url(f, e), e[which]),
    };
  };
}

function clock(write: (text: string) => Item, type: string): Lambda {
  return () => ({ types: [`System.${type}`], run: (_, { now = new Date() }) => [write(now.toISOString())] });
}

export const lambdas: Readonly<Record<string, Lambda>> = {
  where: (on, [argument], scope) => {
    const test = each(perItem(on, argument, scope).run, argument);
    return {
      types: on.types,
      run: (f, e) => {
        const holds = test(e);
        return on.run(f, e).filter((item, at) => isTrue(holds(item, at)));
      },
    };
  },
  all: criteria((input, holds) => input.every(holds)),
  exists: (on, args, scope) =>
    args.length > 0
      ? some(on, args, scope)
      : { types: ['System.Boolean'], run: (f, e) => bool(on.run(f, e).length > 0) },
  select: (on, [argument], scope) => {
    const { run, types } = perItem(on, argument, scope);
    const project = each(run, argument);
    return {
      types,
      run: (f, e) => {
        const one = project(e);
        return on.run(f, e).flatMap((item, at) => one(item, at));
      },
    };
  },
  repeat: (on, [argument], scope) => {
    const { run } = perItem({ ...on, types: null }, argument, scope);
    return { types: null, run: (f, e) => repeated(on.run(f, e), (item) => run([item], e)) };
  },
  aggregate: (on, [argument, initial], scope) => {
    const { run } = perItem(on, argument, scope);
    const start = initial ? scope.compile(initial, scope).run : () => none;
    return {
      types: null,
      run: (f, e) =>
        on.run(f, e).reduce<Collection>((total, item, index) => run([item], { ...e, total, index }), start(f, e)),
    };
  },
  iif: (on, [criterion, then, otherwise], scope) => {
    const inner = { ...scope, types: on.types };
    const test = criterion ? scope.compile(criterion, inner).run : () => yes;
    const one = then ? scope.compile(then, inner) : { run: () => none, types: null };
    const other = otherwise ? scope.compile(otherwise, inner) : { run: () => none, types: null };
    const types = one.types && other.types ? [...new Set([...one.types, ...other.types])] : null;
    return {
      types,
      run: (f, e) => {
        const input = on.run(f, e);
        return (isTrue(test(input, e)) ? one : other).run(input, e);
      },
    };
  },
  trace: (on) => on,
  type: (on) => ({ types: null, run: (f, e) => on.run(f, e).map((item) => typeInfo(on.types, item)) }),
  resolve: (on) => ({
    types: null,
    run: (f, e) =>
      on
        .run(f, e)
        .map((item) => resolveReference(plain(item), e))
        .filter((item) => item !== undefined),
  }),
  now: clock((text) => temporal('DateTime', text.replace('Z', '+00:00')), 'DateTime'),
  today: clock((text) => temporal('Date', text.slice(0, 10)), 'Date'),
  timeOfDay: clock((text) => temporal('Time', text.slice(11, 23)), 'Time'),
  conformsTo: environmentTest('conformsTo'),
  memberOf: environmentTest('memberOf'),
  // The narrative's rules are checked as a value (see xhtml.ts), before any invariant is.
  htmlChecks: (on) => ({ types: ['System.Boolean'], run: (f, e) => (on.run(f, e).length === 0 ? none : yes) }),
};
