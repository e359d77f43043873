/** Reads what `npm run generate` distilled of the R4 definitions. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The same distance below the package root from src/ and from dist/, so that nothing has to be copied by the build.
const folder = new URL('../../../src/fhir/generated/', import.meta.url);

/** Where a generated file is. */
export function generatedPath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

/** The parsed content of a generated file; a function of nothing, so callers keep it. */
export function readGenerated<T>(name: string): T {
  try {
    return JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as T;
  } catch (cause) {
    throw new Error(`Cannot read ${name} in src/fhir/generated: run "npm run generate" first.`, { cause });
  }
}

/** `make`, called at the first use only. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** `make` with its answers kept, for keys that are names of definitions (so their number is bounded). */
export function keep<K, V>(make: (key: K) => V): (key: K) => V {
  const kept = new Map<K, V>();
  return (key) => {
    const before = kept.get(key);
    if (before !== undefined || kept.has(key)) return before as V;
    const value = make(key);
    kept.set(key, value);
    return value;
  };
}
