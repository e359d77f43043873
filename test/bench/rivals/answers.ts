/**
 * npm run bench:answers -- [--base http://host:port/fhir]... [--only livedoc|hapi] [--java -Dvalidate=true]
 * The same requests to our server and to HAPI (or to those given), each compared with what R4 says: a table in Markdown of what each
 * answered otherwise, and how many of all were answered as R4 says.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleCases } from './answers/bundle-cases.ts';
import { type Case, caller } from './answers/caller.ts';
import { interactionCases } from './answers/interaction-cases.ts';
import { searchCases } from './answers/search-cases.ts';
import { world } from './answers/world.ts';
import { attach, folders, type ServerSide, startHapi, startOurs } from './sides.ts';

const { values } = parseArgs({
  options: {
    base: { type: 'string', multiple: true },
    folder: { type: 'string' },
    only: { type: 'string' },
    java: { type: 'string', multiple: true, default: [] },
  },
});

/** `:missing` is asked for, and results must not be those of a minute ago: for answers both are set, for speed they are as HAPI has them. */
const hapiOptions = ['-Dmissing=ENABLED', '-Dfresh=true'];

const cases: readonly Case[] = [...searchCases, ...interactionCases, ...bundleCases];

async function answersOf(side: ServerSide, run: string): Promise<readonly string[]> {
  const call = caller(side);
  for (const resource of world(run)) {
    const { status, text } = await call(`${resource.resourceType}/${resource.id}`, { method: 'PUT', body: resource });
    if (status !== 201)
      process.stderr.write(`${side.name} answers ${status} to ${resource.id}: ${text.slice(0, 300)}\n`);
  }
  const answers: string[] = [];
  for (const { ask } of cases) answers.push(await ask(call, run).catch((error: unknown) => `failed: ${String(error)}`));
  return answers;
}

const asExpected = ({ expected }: Case, answer: string | undefined) =>
  answer !== undefined && (typeof expected === 'string' ? [expected] : expected).includes(answer);

function report(names: readonly string[], answers: readonly (readonly string[])[]): string {
  const cell = (text: string | undefined) => (text ?? '').replaceAll('|', '\\|') || '(none)';
  const rows = cases.flatMap((one, at) => {
    const given = answers.map((all) => all[at]);
    if (given.every((answer) => asExpected(one, answer))) return [];
    const expected = typeof one.expected === 'string' ? one.expected : one.expected.join(' or ');
    const told = given.map((answer) => (asExpected(one, answer) ? 'as R4' : cell(answer)));
    return [[`\`${one.title.replaceAll('|', '\\|')}\``, cell(expected), ...told]];
  });
  const right = answers.map(
    (all) => `${cases.filter((one, at) => asExpected(one, all[at])).length} of ${cases.length}`,
  );
  const lines = [
    ['asked', 'R4', ...names],
    ['---', '---', ...names.map(() => '---')],
    ['as R4 says', '', ...right],
    ...rows,
  ];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'livedoc-answers-')));
const sides: ServerSide[] = [];
try {
  if (values.only !== 'hapi') sides.push(await startOurs(folders(folder).ours));
  if (values.base) sides.push(...values.base.map((base) => attach(base, [], [])));
  else if (values.only !== 'livedoc')
    sides.push(await startHapi(folders(folder).hapi, [...hapiOptions, ...values.java]));
  const run = `r${Date.now().toString(36)}`;
  const answers: (readonly string[])[] = [];
  for (const side of sides) answers.push(await answersOf(side, run));
  process.stdout.write(
    report(
      sides.map(({ name }) => name),
      answers,
    ),
  );
} finally {
  for (const side of sides) await side.stop();
  if (!values.folder) await rm(folder, { recursive: true, force: true });
}
