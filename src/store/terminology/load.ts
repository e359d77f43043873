/** Writes an imported code system: in batches that nobody sees until the whole is there. */
import type { Database, Store } from '../store.ts';

export interface NewSystem {
  readonly url: string;
  readonly version: string;
  readonly name: string;
  readonly title: string;
  readonly language: string;
}

export interface NewConcept {
  readonly n: number;
  readonly code: string;
  readonly display: string;
  readonly definition?: string;
  readonly inactive: boolean;
  readonly abstract: boolean;
}

export interface NewName {
  readonly code: string;
  readonly language: string;
  readonly use: string;
  readonly value: string;
}

export interface NewProperty {
  readonly code: string;
  readonly kind: 'c' | 's' | 'b';
  readonly name: string;
  readonly value: string;
  /** Attributes of one relationship group have its number; absent: it stands alone. */
  readonly group?: number;
}

const tables = ['term_word', 'term_name', 'term_property', 'term_ancestor', 'term_parent', 'term_concept'] as const;
/** So many rows go in one statement. */
const step = 50_000;

/** Takes a system's rows away, in pieces that stay within the time of a statement. */
async function removeRows(db: Database, system: number): Promise<void> {
  for (const table of tables) {
    for (let removed = step; removed === step; ) {
      const [row] = await db.query<{ removed: number }>({
        text: `WITH gone AS (
                 DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE system = $1 LIMIT ${step})) RETURNING 1)
               SELECT count(*)::int AS removed FROM gone`,
        values: [system],
      });
      removed = row?.removed ?? 0;
    }
  }
}

async function remove(db: Database, system: number): Promise<void> {
  // First what makes it visible: a half removed system must not be found.
  await db.query({ text: 'UPDATE term_system SET complete = false WHERE id = $1', values: [system] });
  await removeRows(db, system);
  await db.query({ text: 'DELETE FROM term_system WHERE id = $1', values: [system] });
}

/** A new, empty, unseen system; what an import of the same version left unfinished is taken away first. */
export async function beginLoad(db: Database, { url, version, name, title, language }: NewSystem): Promise<number> {
  const left = await db.query<{ id: number }>({
    text: 'SELECT id FROM term_system WHERE NOT complete AND url = $1 AND version = $2',
    values: [url, version],
  });
  for (const { id } of left) await remove(db, id);
  const [made] = await db.query<{ id: number }>({
    text: 'INSERT INTO term_system (url, version, name, title, language) VALUES ($1, $2, $3, $4, $5) RETURNING id',
    values: [url, version, name, title, language],
  });
  return made?.id ?? 0;
}

export async function addConcepts(db: Database, system: number, concepts: readonly NewConcept[]): Promise<void> {
  await db.query({
    text: `INSERT INTO term_concept (system, n, code, display, definition, inactive, abstract)
           SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[])`,
    values: [
      system,
      concepts.map(({ n }) => n),
      concepts.map(({ code }) => code),
      concepts.map(({ display }) => display),
      concepts.map(({ definition }) => definition ?? null),
      concepts.map(({ inactive }) => inactive),
      concepts.map(({ abstract }) => abstract),
    ],
  });
}

/** Inserts what has a known code; gives how many those were. */
async function addByCode(db: Database, insert: string, from: string, values: readonly unknown[]): Promise<number> {
  const [row] = await db.query<{ added: number }>({
    text: `WITH added AS (${insert} ${from} ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*)::int AS added FROM added`,
    values,
  });
  return row?.added ?? 0;
}

const concept = (code: string) => `JOIN term_concept c ON c.system = $1 AND c.code = ${code}`;

export function addNames(db: Database, system: number, names: readonly NewName[]): Promise<number> {
  return addByCode(
    db,
    'INSERT INTO term_name (system, n, language, use, value) SELECT $1, c.n, u.language, u.use, u.value',
    `FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS u(code, language, use, value) ${concept('u.code')}`,
    [
      system,
      names.map(({ code }) => code),
      names.map(({ language }) => language),
      names.map(({ use }) => use),
      names.map(({ value }) => value),
    ],
  );
}

export function addWords(
  db: Database,
  system: number,
  words: readonly { readonly code: string; readonly word: string }[],
): Promise<number> {
  return addByCode(
    db,
    'INSERT INTO term_word (system, n, word) SELECT $1, c.n, u.word',
    `FROM unnest($2::text[], $3::text[]) AS u(code, word) ${concept('u.code')}`,
    [system, words.map(({ code }) => code), words.map(({ word }) => word)],
  );
}

export function addProperties(db: Database, system: number, properties: readonly NewProperty[]): Promise<number> {
  return addByCode(
    db,
    'INSERT INTO term_property (system, n, kind, name, value, role_group) SELECT $1, c.n, u.kind::"char", u.name, u.value, u.role_group',
    `FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[]) AS u(code, kind, name, value, role_group) ${concept('u.code')}`,
    [
      system,
      properties.map(({ code }) => code),
      properties.map(({ kind }) => kind),
      properties.map(({ name }) => name),
      properties.map(({ value }) => value),
      properties.map(({ group = 0 }) => group),
    ],
  );
}

export function addParents(
  db: Database,
  system: number,
  links: readonly { readonly child: string; readonly parent: string }[],
): Promise<number> {
  return addByCode(
    db,
    'INSERT INTO term_parent (system, child, parent) SELECT $1, c.n, p.n',
    `FROM unnest($2::text[], $3::text[]) AS u(child, parent) ${concept('u.child')}
     JOIN term_concept p ON p.system = $1 AND p.code = u.parent`,
    [system, links.map(({ child }) => child), links.map(({ parent }) => parent)],
  );
}

/** What the concepts are called from now on. */
export async function setDisplays(
  db: Database,
  system: number,
  displays: readonly { readonly code: string; readonly display: string }[],
): Promise<void> {
  await db.query({
    text: `UPDATE term_concept c SET display = u.display FROM unnest($2::text[], $3::text[]) AS u(code, display)
            WHERE c.system = $1 AND c.code = u.code`,
    values: [system, displays.map(({ code }) => code), displays.map(({ display }) => display)],
  });
}

/** How many concepts there are, for the check before the system is seen. */
export async function countLoaded(db: Database, system: number): Promise<number> {
  const [row] = await db.query<{ total: number }>({
    text: 'SELECT count(*)::int AS total FROM term_concept WHERE system = $1',
    values: [system],
  });
  return row?.total ?? 0;
}

/** Makes the system visible in place of an earlier import of the same version, which is then taken away. */
export async function finishLoad(
  { db, transaction }: Pick<Store, 'db' | 'transaction'>,
  system: number,
): Promise<number> {
  // Plans of questions are made by what the tables are like now.
  for (const table of tables) await db.query({ text: `ANALYZE ${table}` });
  const { replaced, concepts } = await transaction(async ({ db: inner }) => {
    const old = await inner.query<{ id: number }>({
      text: `UPDATE term_system o SET complete = false FROM term_system s
              WHERE s.id = $1 AND o.url = s.url AND o.version = s.version AND o.complete RETURNING o.id`,
      values: [system],
    });
    const [row] = await inner.query<{ concepts: number }>({
      text: `UPDATE term_system SET complete = true, concepts = (SELECT count(*) FROM term_concept WHERE system = $1)
              WHERE id = $1 RETURNING concepts`,
      values: [system],
    });
    return { replaced: old, concepts: row?.concepts ?? 0 };
  });
  for (const { id } of replaced) await remove(db, id);
  return concepts;
}
