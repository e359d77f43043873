#!/usr/bin/env node
/** `livedoc COMMAND`: joins the parts that a command needs, runs it, closes them. */
import { parseArgs } from 'node:util';
import { clientCommands, clientUsage } from './client-command.ts';
import {
  type Command,
  flag,
  print,
  printList,
  type Running,
  string,
  text,
  UsageError,
  type Values,
} from './command-line.ts';
import { ConfigError, loadConfig } from './config.ts';
import { demo } from './demo/demo.ts';
import { idpCommands, idpUsage } from './idp-command.ts';
import { type ImportOptions, runImportLoinc, runImportPackage, runImportSnomed } from './import-command.ts';
import { Closers, openParts } from './open-parts.ts';
import { reindexStatus, runReindex } from './reindex-command.ts';
import { runServer } from './run-server.ts';
import { FhirError } from './shared/errors.ts';
import { createLogger } from './shared/logger.ts';
import { listPeers } from './store/accounts/list.ts';
import { verifyChain } from './store/audit/verify-chain.ts';
import { addPeer } from './store/dicom/peers.ts';
import { userCommands, userUsage } from './user-command.ts';

const usage = `livedoc COMMAND

  start                                              the server
  demo [--study FILE|FOLDER] [--once]                a small hospital, a chest X-ray, its report
${userUsage}
${clientUsage}
${idpUsage}
  pacs add --ae-title A --host H --port P [--return sr,sc]
  pacs list
  audit verify                                       checks the hash chains of the audit trail
  import loinc --folder F [--version V] [--language fr,...]
  import snomed --folder F [--module M] [--language fr,...]
  import package --file F.tgz                        the definitions of a FHIR implementation guide
  reindex all [--type T,...] [--search-parameter P,...]   makes what resources are found by anew
  reindex status

--json prints the result as JSON. Settings come from the environment: docs/configuration.md.`;

/** PS3.5 6.2, VR AE. */
const aeTitlePattern = /^(?=.*\S)[\x20-\x5B\x5D-\x7E]{1,16}$/;

async function pacsAdd({ parts }: Running, values: Values): Promise<void> {
  const port = Number(text(values, 'port'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError('--port is not a port number.');
  const aeTitle = text(values, 'ae-title');
  if (!aeTitlePattern.test(aeTitle))
    throw new UsageError(`${aeTitle} is no AE title: 1 to 16 characters, no backslash.`);
  const returns = typeof values['return'] === 'string' ? values['return'].split(',') : [];
  const peer = { aeTitle, host: text(values, 'host'), port, returns };
  await addPeer(parts.store.db, peer);
  print(values, { ae_title: peer.aeTitle, host: peer.host, port, return: returns.join(',') });
}

/** Prints what is wrong with the trail; then the exit status is 1. */
async function auditVerify({ parts }: Running, values: Values): Promise<void> {
  const problems = await verifyChain(parts.store.db);
  if (problems.length > 0) process.exitCode = 1;
  if (problems.length > 0 || values['json']) await printList(values, Promise.resolve(problems));
  else process.stdout.write('The audit trail is whole.\n');
}

/** Exit status 1 when something of a package was refused. */
async function importWith(
  run: (options: ImportOptions) => Promise<Readonly<Record<string, unknown>>>,
  { parts, log }: Running,
  values: Values,
): Promise<void> {
  const path = text(values, values['file'] === undefined ? 'folder' : 'file');
  const optional = (name: 'version' | 'module') => (values[name] ? { [name]: text(values, name) } : {});
  const languages = typeof values['language'] === 'string' ? values['language'].split(',') : ['fr'];
  const result = await run({ parts, log, path, languages, ...optional('version'), ...optional('module') });
  const refused = result['refused'];
  if (Array.isArray(refused) && refused.length > 0) process.exitCode = 1;
  print(values, result);
}

/** Exit status 1 unless it was completed. */
async function reindex({ config, parts, log }: Running, values: Values): Promise<void> {
  const list = (name: string) => (values[name] ? text(values, name).split(',') : []);
  const result = await runReindex({
    parts,
    log,
    schema: config.LIVEDOC_SCHEMA,
    types: list('type'),
    searchParameters: list('search-parameter'),
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  if (result['state'] !== 'completed') process.exitCode = 1;
  print(values, result);
}

const commands: Readonly<Record<string, Command>> = {
  ...userCommands,
  ...clientCommands,
  ...idpCommands,
  'pacs list': {
    options: { json: flag },
    run: ({ parts }, values) => printList(values, listPeers(parts.store.prisma)),
  },
  'audit verify': { options: { json: flag }, run: auditVerify },
  'import loinc': {
    options: { folder: string, version: string, language: string, json: flag },
    run: (running, values) => importWith(runImportLoinc, running, values),
  },
  'import snomed': {
    options: { folder: string, module: string, language: string, json: flag },
    run: (running, values) => importWith(runImportSnomed, running, values),
  },
  'import package': {
    options: { file: string, json: flag },
    run: (running, values) => importWith(runImportPackage, running, values),
  },
  'reindex all': { options: { type: string, 'search-parameter': string, json: flag }, run: reindex },
  'reindex status': {
    options: { json: flag },
    run: ({ parts }, values) => printList(values, reindexStatus(parts)),
  },
  'pacs add': { options: { 'ae-title': string, host: string, port: string, return: string, json: flag }, run: pacsAdd },
};

function parsed(args: readonly string[], options: Command['options']): Values {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function withParts(command: Command, args: readonly string[]): Promise<void> {
  const values = parsed(args, command.options);
  const config = loadConfig(process.env);
  const log = createLogger(config.LIVEDOC_LOG === 'info' ? 'warn' : config.LIVEDOC_LOG);
  const closers = new Closers();
  try {
    await command.run({ config, parts: await openParts(config, closers, log), log }, values);
  } finally {
    await closers.close(log);
  }
}

async function main([first = '', second = '', ...rest]: readonly string[]): Promise<void> {
  if (first === 'start') return runServer(process.env);
  if (first === 'demo') {
    const values = parsed([second, ...rest].filter(Boolean), { study: string, once: flag });
    return demo(process.env, {
      ...(values['study'] ? { study: text(values, 'study') } : {}),
      once: values['once'] === true,
    });
  }
  if (['', '--help', '-h', 'help'].includes(first)) return void process.stdout.write(`${usage}\n`);
  const command = commands[`${first} ${second}`];
  if (!command) throw new UsageError(`There is no command "${[first, second].join(' ').trim()}".\n\n${usage}`);
  return withParts(command, rest);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const isPlain = error instanceof UsageError || error instanceof FhirError || error instanceof ConfigError;
  process.stderr.write(`livedoc: ${isPlain ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
