/**
 * Every official example of R4 through the whole server: put, read as it was sent (in JSON to the digit, and as XML), found
 * by a search parameter that it has a value for, deleted. https://hl7.org/fhir/R4/examples.html
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { type Node, parseTree } from '../../src/fhir/json/tree.ts';
import { extract } from '../../src/fhir/search/extract.ts';
import { fromXml } from '../../src/fhir/xml/read.ts';
import type { IndexRow } from '../../src/store/search/index-row.ts';
import { withServer } from '../support/server.ts';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('hl7.fhir.r4.examples/package.json'));
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !/^(\.|package)/.test(name));

const server = withServer({ limits: { body: 128 * 1024 * 1024 } });

/** Everything that the text says, numbers by their digits; what the server sets aside. */
function said(text: string): string {
  return JSON.stringify(plain(parseTree(text), 0));
}

function plain(node: Node, depth: number): unknown {
  if (node.kind === 'scalar') return node.text.startsWith('"') ? JSON.parse(node.text) : `#${node.text}`;
  if (node.kind === 'array') return node.items.map((item) => plain(item, depth + 1));
  const members = node.members
    .filter(({ name }) => depth > 0 || name !== 'id')
    .map(({ name, value }): [string, unknown] => [
      name,
      depth === 0 && name === 'meta' ? ownMeta(value) : plain(value, depth + 1),
    ])
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}

function ownMeta(node: Node): unknown {
  const { versionId: _, lastUpdated: __, ...rest } = plain(node, 1) as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

const escaped = (text: string) => text.replace(/[\\,$|]/g, '\\$&');

/** A value by which a search finds what has this row; undefined where none can be said in a URL. */
function valueOfRow(row: IndexRow): string | undefined {
  switch (row.kind) {
    case 'token':
      if (!row.code) return undefined;
      return row.system === undefined ? escaped(row.code) : `${escaped(row.system)}|${escaped(row.code)}`;
    case 'string':
    case 'uri':
      return row.value.length > 200 ? undefined : escaped(row.value);
    case 'reference':
      if (row.target) return `${row.target.type}/${row.target.id}`;
      // What is contained is looked for by what it says, not by the name that it has inside.
      return row.url?.startsWith('#') ? undefined : row.url && escaped(row.url);
    case 'date':
      return Number.isFinite(row.low) ? `ge${new Date(row.low).toISOString()}` : undefined;
    case 'quantity':
      return Number.isFinite(row.low) ? `ge${row.low}` : undefined;
    default:
      return undefined;
  }
}

/** The first of a resource's rows by which it can be looked for; what is contained in it has names of its own. */
function criterion(rows: readonly IndexRow[]): readonly [name: string, value: string] | undefined {
  for (const row of rows) {
    const [, name] = /^[A-Za-z]+\.([\w-]+)$/.exec(row.param) ?? [];
    const value = name === undefined ? undefined : valueOfRow(row);
    if (name !== undefined && value !== undefined) return [name, value];
  }
  return undefined;
}

type Step = 'put' | 'json' | 'xml' | 'found' | 'deleted';

const counts: Record<Step, number> = { put: 0, json: 0, xml: 0, found: 0, deleted: 0 };
const failures: Record<Step, string[]> = { put: [], json: [], xml: [], found: [], deleted: [] };

function note(step: Step, file: string, problem: string | undefined): void {
  if (problem === undefined) counts[step] += 1;
  else failures[step].push(`${file}: ${problem.slice(0, 300)}`);
}

async function through(file: string): Promise<void> {
  const text = readFileSync(join(folder, file), 'utf8');
  const resource = JSON.parse(text) as Resource;
  const path = `/${resource.resourceType}/${resource.id}`;
  const put = await server.request('PUT', path, { body: text });
  note('put', file, put.status < 300 ? undefined : `${put.status} ${put.text}`);
  if (put.status >= 300) return;
  const wanted = said(text);
  const json = await server.request('GET', path, { headers: { accept: 'application/fhir+json' } });
  note('json', file, said(json.text) === wanted ? undefined : 'it is another one');
  const xml = await server.request('GET', path, { headers: { accept: 'application/fhir+xml' } });
  note('xml', file, xml.status === 200 && said(await fromXml(xml.text)) === wanted ? undefined : `${xml.status}`);
  note('found', file, await found(resource));
  const deleted = await server.request('DELETE', path);
  const after = await server.request('GET', path);
  note(
    'deleted',
    file,
    deleted.status === 204 && after.status === 410 ? undefined : `${deleted.status}, ${after.status}`,
  );
}

async function found(resource: Resource): Promise<string | undefined> {
  const asked = criterion(extract(resource, { base: server.base }));
  if (!asked) return 'no value';
  const query = new URLSearchParams([['_id', resource.id ?? ''], [...asked]]);
  const headers = { prefer: 'handling=strict' };
  const answer = await server.request('GET', `/${resource.resourceType}?${query}`, { headers });
  if (answer.status !== 200) return `${answer.status} ${query}: ${answer.text}`;
  return answer.as<Bundle>().entry?.some(({ resource: one }) => one?.id === resource.id)
    ? undefined
    : `not by ${query}`;
}

describe('the official R4 examples', () => {
  it('are put, read back, found and deleted', { timeout: 900_000 }, async () => {
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < files.length; at = next++) {
        const file = files[at] ?? '';
        await through(file).catch((error: unknown) => failures.put.push(`${file}: ${String(error)}`));
      }
    };
    await Promise.all(Array.from({ length: 6 }, worker));
    const { put, ...others } = counts;
    // What breaks a rule of R4 (r4-examples.test.ts lists it) or would change what the server's own definitions mean.
    expect(failures.put.filter((one) => !/: 4(00|05|09|22) \{"resourceType":"OperationOutcome"/.test(one))).toEqual([]);
    expect(put).toBeGreaterThanOrEqual(5250);
    // A few Bundles and Parameters have no value of any search parameter.
    expect(failures.found.filter((one) => !one.endsWith(': no value'))).toEqual([]);
    expect({ ...failures, put: [], found: [] }).toEqual({ put: [], json: [], xml: [], found: [], deleted: [] });
    expect(others).toEqual({ json: put, xml: put, found: put - failures.found.length, deleted: put });
    expect(failures.found.length).toBeLessThan(50);
  });
});
