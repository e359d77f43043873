/** `livedoc idp`: the hospital's identity providers, for who sits at the server. */
import { readFile } from 'node:fs/promises';
import { commandActor } from './auth/actor.ts';
import {
  putProvider,
  removeProvider,
  setProviderEnabled,
  showProvider,
  showProviders,
} from './auth/federation/identity-providers.ts';
import { type Link, linkAccount, linkedAccounts, unlinkAccount } from './auth/federation/links.ts';
import { type Federation, openFederation } from './auth/federation/open-federation.ts';
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
import { identityProviderRequestShape } from './shared/api/identity-provider.ts';

export const idpUsage = `  idp add --id ID [--file F.json] [--preset keycloak|entra|pro-sante-connect] [--issuer U] [--client-id C]
          [--client-auth client_secret_basic|client_secret_post|private_key_jwt|none] [--secret-stdin] [--new-key]
                                                     adds or replaces one; docs/smart/federation.md has the file
  idp list | idp show --id ID | idp test --id ID
  idp enable --id ID | idp disable --id ID | idp remove --id ID
  idp link --id ID --email E --subject S | --rpps N | --adeli N | --upstream-email E
  idp unlink --id ID --email E
  idp accounts --id ID                               who signs in with it, or is expected to`;

const federationOf = ({ config, parts: { store, secret }, log }: Running): Federation =>
  openFederation({
    store,
    secret,
    publicUrl: config.publicUrl,
    trustedHosts: config.LIVEDOC_TRUSTED_KEY_HOSTS,
    log,
  });

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').trim();
}

async function fileOf(values: Values): Promise<object> {
  if (!values['file']) return {};
  const file = text(values, 'file');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as object;
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${(error as Error).message}`);
  }
}

/** The file, and over it what the command line says. */
async function requestOf(values: Values) {
  const named = { preset: 'preset', issuer: 'issuer', client_id: 'client-id', client_auth: 'client-auth' } as const;
  const given = Object.entries(named).flatMap(([member, option]) =>
    values[option] ? [[member, text(values, option)] as const] : [],
  );
  const secret = values['secret-stdin'] ? { client_secret: await standardInput() } : {};
  const key = values['new-key'] ? { new_key: true } : {};
  const all: unknown = { ...(await fileOf(values)), ...Object.fromEntries(given), ...secret, ...key };
  const parsed = identityProviderRequestShape.safeParse(all);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new UsageError(problems.join('\n'));
  }
  return parsed.data;
}

async function add(running: Running, values: Values): Promise<void> {
  const request = await requestOf(values);
  const { deps } = federationOf(running);
  const { provider } = await putProvider(deps, text(values, 'id'), request, commandActor('idp add'));
  print(values, { ...provider });
}

function linkFrom(values: Values): Link {
  const options = { subject: 'subject', rpps: 'rpps', adeli: 'adeli', 'upstream-email': 'email' } as const;
  const given = Object.entries(options).filter(([option]) => values[option]);
  const [first] = given;
  if (!first || given.length > 1) throw new UsageError('Give one of --subject, --rpps, --adeli and --upstream-email.');
  const [option, by] = first;
  return { by, value: text(values, option) };
}

/** Exit status 1 when something is wrong. */
async function test(running: Running, values: Values): Promise<void> {
  const result = await federationOf(running).test(text(values, 'id'));
  if (!result.ok) process.exitCode = 1;
  print(values, { ...result });
}

const toggle = (enabled: boolean): Command => ({
  options: { id: string, json: flag },
  async run(running, values) {
    const id = text(values, 'id');
    const { deps } = federationOf(running);
    await setProviderEnabled(deps, id, enabled, commandActor(`idp ${enabled ? 'enable' : 'disable'}`));
    print(values, { id, enabled });
  },
});

export const idpCommands: Readonly<Record<string, Command>> = {
  'idp add': {
    options: {
      id: string,
      file: string,
      preset: string,
      issuer: string,
      'client-id': string,
      'client-auth': string,
      'secret-stdin': flag,
      'new-key': flag,
      json: flag,
    },
    run: add,
  },
  'idp list': {
    options: { json: flag },
    async run(running, values) {
      const all = await showProviders(federationOf(running).deps);
      const short = all.map(({ id, issuer, client_id, client_auth, enabled }) => ({
        id,
        issuer,
        client_id,
        client_auth,
        enabled,
      }));
      await printList(values, Promise.resolve(short));
    },
  },
  'idp show': {
    options: { id: string, json: flag },
    run: async (running, values) =>
      print(values, { ...(await showProvider(federationOf(running).deps, text(values, 'id'))) }),
  },
  'idp test': { options: { id: string, json: flag }, run: test },
  'idp enable': toggle(true),
  'idp disable': toggle(false),
  'idp remove': {
    options: { id: string, json: flag },
    async run(running, values) {
      const id = text(values, 'id');
      await removeProvider(federationOf(running).deps, id, commandActor('idp remove'));
      print(values, { id, removed: true });
    },
  },
  'idp link': {
    options: {
      id: string,
      email: string,
      subject: string,
      rpps: string,
      adeli: string,
      'upstream-email': string,
      json: flag,
    },
    async run(running, values) {
      const [id, email, link] = [text(values, 'id'), text(values, 'email'), linkFrom(values)];
      await linkAccount(federationOf(running).deps, { id, email, link }, commandActor('idp link'));
      print(values, { id, email, ...link });
    },
  },
  'idp unlink': {
    options: { id: string, email: string, json: flag },
    async run(running, values) {
      const [id, email] = [text(values, 'id'), text(values, 'email')];
      await unlinkAccount(federationOf(running).deps, { id, email }, commandActor('idp unlink'));
      print(values, { id, email });
    },
  },
  'idp accounts': {
    options: { id: string, json: flag },
    run: (running, values) => printList(values, linkedAccounts(federationOf(running).deps, text(values, 'id'))),
  },
};
