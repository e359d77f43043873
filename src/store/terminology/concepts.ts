/** Reads imported code systems. */
import type { Database } from '../store.ts';
import { type ConceptTest, conditionOf, setOf, valuesOf } from './concept-test.ts';

export interface ImportedSystem {
  readonly id: number;
  readonly url: string;
  readonly version: string;
  readonly name: string;
  readonly title: string;
  /** BCP 47, of the displays. */
  readonly language: string;
  readonly concepts: number;
}

export interface ImportedConcept {
  readonly code: string;
  readonly display: string;
  readonly definition: string | null;
  readonly inactive: boolean;
  readonly abstract: boolean;
  readonly names: readonly (readonly [language: string, use: string, value: string])[] | null;
  readonly properties: readonly (readonly [name: string, kind: 'c' | 's' | 'b', value: string])[] | null;
}

/** The complete versions of a code system (of all, without a URL), the newest import first. */
export function listSystems(db: Database, url?: string): Promise<ImportedSystem[]> {
  return db.query<ImportedSystem>({
    text: `SELECT id, url, version, name, title, language, concepts FROM term_system
            WHERE complete AND ($1::text IS NULL OR url = $1) ORDER BY url, imported DESC`,
    values: [url ?? null],
  });
}

const columns = `c.code, c.display, c.definition, c.inactive, c.abstract,
  (SELECT json_agg(json_build_array(t.language, t.use, t.value)) FROM term_name t WHERE t.system = $1 AND t.n = c.n) AS names,
  (SELECT json_agg(json_build_array(p.name, p.kind, p.value)) FROM term_property p WHERE p.system = $1 AND p.n = c.n) AS properties`;

export async function findConcept(db: Database, system: number, code: string): Promise<ImportedConcept | undefined> {
  const [found] = await db.query<ImportedConcept>({
    name: 'term-find',
    text: `SELECT ${columns} FROM term_concept c WHERE c.system = $1 AND c.code = $2`,
    values: [system, code],
  });
  return found;
}

/** Whether the one concept is among those meant. */
export async function isMeant(db: Database, system: number, code: string, test: ConceptTest): Promise<boolean> {
  const values = valuesOf([system, code]);
  const rows = await db.query({
    text: `SELECT 1 FROM term_concept c WHERE c.system = $1 AND c.code = $2 AND ${conditionOf(test, values)}`,
    values: values.list,
  });
  return rows.length > 0;
}

/** How many concepts are meant, and those of one page in the order of their system; none of them when there are more than `most`. */
export async function pageOfConcepts(
  db: Database,
  system: number,
  test: ConceptTest,
  { offset, count, most }: { readonly offset: number; readonly count: number; readonly most?: number },
): Promise<{ readonly total: number; readonly concepts: readonly ImportedConcept[] }> {
  const values = valuesOf([system]);
  const meant = setOf(test, values);
  const [limit, skip] = [values.add(count), values.add(offset)];
  const few = most === undefined ? 'true' : `(SELECT count(*) FROM meant) <= ${values.add(most)}::int`;
  const rows = await db.query<ImportedConcept & { total: number; code: string | null }>({
    text: `WITH meant AS MATERIALIZED (${meant}),
                page AS MATERIALIZED (SELECT n FROM meant WHERE ${few} ORDER BY n LIMIT ${limit}::int OFFSET ${skip}::int)
           SELECT t.total, p.* FROM (SELECT count(*)::int AS total FROM meant) t
             LEFT JOIN LATERAL (SELECT ${columns} FROM page JOIN term_concept c ON c.system = $1 AND c.n = page.n ORDER BY c.n) p ON true`,
    values: values.list,
  });
  return { total: rows[0]?.total ?? 0, concepts: rows.filter(({ code }) => code !== null) };
}

/** Codes only, at most `limit`, in the order of their system. */
export async function selectCodes(
  db: Database,
  system: number,
  test: ConceptTest,
  limit: number,
): Promise<readonly string[]> {
  const values = valuesOf([system]);
  const meant = setOf(test, values);
  const rows = await db.query<{ code: string }>({
    text: `WITH page AS MATERIALIZED (SELECT n FROM (${meant}) m ORDER BY n LIMIT ${values.add(limit)}::int)
           SELECT c.code FROM page JOIN term_concept c ON c.system = $1 AND c.n = page.n ORDER BY c.n`,
    values: values.list,
  });
  return rows.map(({ code }) => code);
}
