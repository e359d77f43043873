/** prisma/schema.prisma and the migrations describe the same tables. */
import { describe, expect, it } from 'vitest';
import { ModelName } from '../../src/store/generated/internal/prismaNamespace.ts';
import { withStore } from '../support/store.ts';

const test = withStore();
const models = Object.values(ModelName);

/** What the client offers of each model: `user` for `User`. */
const delegate = (model: string) => {
  const name = `${model.charAt(0).toLowerCase()}${model.slice(1)}`;
  return (test.store.prisma as unknown as Record<string, { findFirst(): Promise<unknown> }>)[name];
};

describe('the Prisma schema', () => {
  it('has models', () => expect(models.length).toBeGreaterThan(5));

  it.each(models)('names columns of %s that the migrations have made', async (model) => {
    expect(await delegate(model)?.findFirst()).toBeNull();
  });

  it('has a model for each relational table, and none for those of the FHIR store', async () => {
    const tables = await test.store.db.query<{ name: string }>({
      text: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = $1 ORDER BY 1`,
      values: [test.schema],
    });
    const modelled = models.map((model) => model.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase());
    const plain = tables.map(({ name }) => name).filter((name) => !modelled.includes(name) && name !== 'users');
    expect(plain).toMatchInlineSnapshot(`
      [
        "_prisma_migrations",
        "async_request",
        "audit_chain",
        "audit_log",
        "audit_projection",
        "bulk_chunk",
        "bulk_export",
        "bulk_file",
        "closure",
        "closure_code",
        "closure_pair",
        "dictionary",
        "history",
        "indexed_parameter",
        "numero_dossier",
        "page_snapshot",
        "reference_guard",
        "reindex_job",
        "reindexed",
        "resource",
        "search_catalogue",
        "search_rewrite",
        "signing_key",
        "sp_comp",
        "sp_date",
        "sp_pos",
        "sp_qty",
        "sp_ref",
        "sp_str",
        "sp_text",
        "sp_token",
        "sp_uri",
        "stale",
        "term_ancestor",
        "term_concept",
        "term_name",
        "term_parent",
        "term_property",
        "term_system",
        "term_word",
        "text_progress",
        "unindexed",
      ]
    `);
  });
});
