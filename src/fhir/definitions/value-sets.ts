/** The core value sets that can be listed in full, by canonical URL without version. */
import { keep, lazy, readGenerated } from './generated.ts';

/** Codes by system. */
export type Codes = ReadonlyMap<string, ReadonlySet<string>>;

const listed = lazy(
  () => new Map(Object.entries(readGenerated<Record<string, Record<string, string[]>>>('value-sets.json'))),
);

/** The codes of a value set; undefined when it is unknown or too open to be listed (UCUM, SNOMED CT, mime types). */
export const codesOf: (url: string) => Codes | undefined = keep((url: string) => {
  const bySystem = listed().get(url);
  return bySystem && new Map(Object.entries(bySystem).map(([system, codes]) => [system, new Set(codes)]));
});

/** The system of a bare `code` that is bound to `url`, when the value set tells. */
export function systemOfCode(url: string, code: string): string | undefined {
  for (const [system, codes] of codesOf(url) ?? []) if (codes.has(code)) return system;
  return undefined;
}
