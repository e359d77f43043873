/** `livedoc client` and `livedoc keys`: who may ask for tokens, and the keys that sign what they get. */
import { readFile } from 'node:fs/promises';
import { commandActor } from './auth/actor.ts';
import { authMethods, type NewClient, signingAlgorithms, tlsSubjectMembers } from './auth/client-checks.ts';
import {
  addClient,
  approveClient,
  disableClient,
  enableClient,
  listClients,
  removeClient,
  rotateSecret,
  showClient,
} from './auth/clients.ts';
import { rotateKeys } from './auth/signing-keys.ts';
import {
  type Command,
  flag,
  oneOf,
  print,
  printList,
  type Running,
  string,
  text,
  UsageError,
  type Values,
} from './command-line.ts';
import { listKeys } from './store/oidc/keys.ts';

export const clientUsage = `  client add --name N --jwks FILE | --jwks-url URL --scope "system/*.cruds"
  client add --name N --public|--confidential --redirect-uri U [--launch-url U] --scope S
      [--jwks FILE | --jwks-url URL] [--post-logout-redirect-uri U] [--auth-method M] [--signing-alg A]
      [--tls-subject-dn D | --tls-san-dns D | --tls-san-uri U | --tls-san-ip A | --tls-san-email E]
      [--dpop | --mtls] [--par] [--fapi]             what is more than SMART, see docs/smart/clients.md
  client list | client show --client-id ID
  client approve|disable|enable|remove|rotate-secret --client-id ID
  keys rotate | keys list                            the keys that sign ID tokens`;

async function keysOf(values: Values): Promise<Pick<NewClient, 'jwks' | 'jwksUri'>> {
  if (values['jwks-url']) return { jwksUri: text(values, 'jwks-url') };
  const file = text(values, 'jwks');
  try {
    const jwks = JSON.parse(await readFile(file, 'utf8')) as NonNullable<NewClient['jwks']>;
    if (!Array.isArray(jwks.keys)) throw new Error('it has no keys');
    return { jwks };
  } catch (error) {
    throw new UsageError(`${file} is not a JWKS: ${(error as Error).message}`);
  }
}

/** `--tls-san-dns` for `tls_client_auth_san_dns`. */
const subjectOption = (member: string) => `tls-${member.replace('tls_client_auth_', '').replaceAll('_', '-')}`;

function subjectOf(values: Values): Pick<NewClient, 'tlsSubject'> {
  const given = tlsSubjectMembers.filter((member) => values[subjectOption(member)]);
  if (given.length === 0) return {};
  return { tlsSubject: Object.fromEntries(given.map((member) => [member, text(values, subjectOption(member))])) };
}

function securityOf(values: Values): Partial<NewClient> {
  return {
    ...(values['auth-method'] ? { authMethod: oneOf(values, 'auth-method', authMethods) } : {}),
    ...(values['signing-alg'] ? { signingAlg: oneOf(values, 'signing-alg', signingAlgorithms) } : {}),
    ...subjectOf(values),
    dpop: values['dpop'] === true,
    mtls: values['mtls'] === true,
    par: values['par'] === true,
    fapi: values['fapi'] === true,
  };
}

const many = (values: Values, name: string) => [values[name] ?? []].flat().map(String);

async function newClient(values: Values): Promise<NewClient> {
  const shared = { name: text(values, 'name'), scope: text(values, 'scope'), ...securityOf(values) };
  const interactive = values['public'] ? 'public' : values['confidential'] ? 'confidential' : undefined;
  const hasKeys = values['jwks'] !== undefined || values['jwks-url'] !== undefined;
  // Its certificate may be all that a backend has.
  const keys = hasKeys || (!interactive && !shared.tlsSubject) ? await keysOf(values) : {};
  if (!interactive) return { ...shared, kind: 'backend', ...keys };
  return {
    ...shared,
    kind: interactive,
    redirectUris: many(values, 'redirect-uri'),
    postLogoutRedirectUris: many(values, 'post-logout-redirect-uri'),
    ...(values['launch-url'] ? { launchUrl: text(values, 'launch-url') } : {}),
    ...keys,
  };
}

const printed = ({ clientId, clientSecret }: { readonly clientId: string; readonly clientSecret?: string }) => ({
  client_id: clientId,
  ...(clientSecret ? { client_secret: clientSecret } : {}),
});

async function add({ parts }: Running, values: Values): Promise<void> {
  print(values, printed(await addClient(parts.store, await newClient(values), commandActor('client add'))));
}

/** A command that changes where a client stands, and prints that. */
function standing(word: string, change: typeof disableClient): Command {
  return {
    options: { 'client-id': string, json: flag },
    async run({ parts }, values) {
      const id = text(values, 'client-id');
      await change(parts.store, id, commandActor(`client ${word}`));
      print(values, word === 'remove' ? { client_id: id, state: 'removed' } : await showClient(parts.store, id));
    },
  };
}

const pageSize = 500;

async function all({ parts }: Running): Promise<readonly object[]> {
  const found: Awaited<ReturnType<typeof listClients>>[number][] = [];
  for (let last = pageSize; last === pageSize; ) {
    const after = found.at(-1)?.client_id;
    const page = await listClients(parts.store, { limit: pageSize, ...(after === undefined ? {} : { after }) });
    found.push(...page);
    last = page.length;
  }
  return found.map(({ client_id, name, kind, state, scope, created_at }) => {
    return { clientId: client_id, name, kind, state, scope, createdAt: created_at };
  });
}

const tlsOptions = Object.fromEntries(tlsSubjectMembers.map((member) => [subjectOption(member), string]));

export const clientCommands: Readonly<Record<string, Command>> = {
  'client add': {
    options: {
      name: string,
      scope: string,
      jwks: string,
      'jwks-url': string,
      public: flag,
      confidential: flag,
      'redirect-uri': { type: 'string', multiple: true },
      'post-logout-redirect-uri': { type: 'string', multiple: true },
      'launch-url': string,
      'auth-method': string,
      'signing-alg': string,
      ...tlsOptions,
      dpop: flag,
      mtls: flag,
      par: flag,
      fapi: flag,
      json: flag,
    },
    run: add,
  },
  'client list': { options: { json: flag }, run: (running, values) => printList(values, all(running)) },
  'client show': {
    options: { 'client-id': string, json: flag },
    run: async ({ parts }, values) => print(values, await showClient(parts.store, text(values, 'client-id'))),
  },
  'client approve': standing('approve', approveClient),
  'client disable': standing('disable', disableClient),
  'client enable': standing('enable', enableClient),
  'client remove': standing('remove', removeClient),
  'client rotate-secret': {
    options: { 'client-id': string, json: flag },
    async run({ parts }, values) {
      const id = text(values, 'client-id');
      print(values, printed(await rotateSecret(parts.store, id, commandActor('client rotate-secret'))));
    },
  },
  'keys rotate': {
    options: { json: flag },
    async run({ parts }, values) {
      const kid = await rotateKeys(parts.store, parts.secret, commandActor('keys rotate'));
      print(values, { kid: kid ?? '' });
    },
  },
  'keys list': { options: { json: flag }, run: ({ parts }, values) => printList(values, listKeys(parts.store.db)) },
};
