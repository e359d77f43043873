/** `livedoc user`: accounts, for who sits at the server; also when nobody can sign in any more. */
import { changeUser } from './auth/accounts/change-user.ts';
import { type IssuedLink, inviteUser, issueLink } from './auth/accounts/links.ts';
import { sessionsOf, signOut } from './auth/accounts/sessions.ts';
import { addUser } from './auth/accounts.ts';
import { commandActor } from './auth/actor.ts';
import { resetFactorsByEmail } from './auth/factors/manage.ts';
import {
  type Command,
  flag,
  oneOf,
  print,
  printList,
  type Running,
  string,
  text,
  type Values,
} from './command-line.ts';
import { listUsers } from './store/accounts/list.ts';

export const userUsage = `  user add --email E --role MEDECIN|PERSONNEL|ADMINISTRATEUR --nom N --prenom P [--password-stdin]
      without --password-stdin, prints a link with which the person chooses a password (72 hours, one use)
  user invite --email E --role R --nom N --prenom P  the same
  user reset --email E                               another link, for who has forgotten or lost theirs
  user list
  user status --email E --status ACTIVE|INACTIVE|SUSPENDED
  user role --email E --role MEDECIN|PERSONNEL|ADMINISTRATEUR
  user update --email E [--new-email E] [--nom N] [--prenom P]
  user sessions --email E
  user sign-out --email E [--session ID]             ends one session, or everything that is open
  user reset-second-factor --email E                 for who has lost everything; ends their sessions`;

const roles = ['MEDECIN', 'PERSONNEL', 'ADMINISTRATEUR'] as const;
const statuses = ['ACTIVE', 'INACTIVE', 'SUSPENDED'] as const;

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

const depsOf = ({ parts, log }: Running) => ({ ...parts, log, now: () => new Date() });

const personOf = (values: Values) => ({
  email: text(values, 'email'),
  role: oneOf(values, 'role', roles),
  nom: text(values, 'nom'),
  prenom: text(values, 'prenom'),
});

const linkOf = ({ url, expires }: IssuedLink) => ({ link: url, expires: expires.toISOString() });

async function invite(running: Running, values: Values): Promise<void> {
  const person = personOf(values);
  const { id, practitionerId, ...link } = await inviteUser(depsOf(running), person, commandActor('user invite'));
  print(values, { id, email: person.email, practitioner: `Practitioner/${practitionerId}`, ...linkOf(link) });
}

/** A password is taken from standard input alone: as an argument everybody would see it. */
async function add(running: Running, values: Values): Promise<void> {
  if (!values['password-stdin']) return invite(running, values);
  const person = personOf(values);
  const added = await addUser(depsOf(running), { ...person, password: await standardInput() });
  print(values, { id: added.id, email: person.email, practitioner: `Practitioner/${added.practitionerId}` });
}

async function reset({ parts }: Running, values: Values): Promise<void> {
  const email = text(values, 'email');
  print(values, { email, ...linkOf(await issueLink(parts, { email }, commandActor('user reset'))) });
}

async function status(running: Running, values: Values): Promise<void> {
  const email = text(values, 'email');
  const change = { status: oneOf(values, 'status', statuses) };
  await changeUser(depsOf(running), { email }, change, commandActor('user status'));
  print(values, { email, ...change });
}

async function role(running: Running, values: Values): Promise<void> {
  const email = text(values, 'email');
  const change = { role: oneOf(values, 'role', roles) };
  await changeUser(depsOf(running), { email }, change, commandActor('user role'));
  print(values, { email, ...change });
}

async function update(running: Running, values: Values): Promise<void> {
  const optional = (option: string) => (values[option] === undefined ? undefined : text(values, option));
  const changes = { email: optional('new-email'), nom: optional('nom'), prenom: optional('prenom') };
  const which = { email: text(values, 'email') };
  const { email, nom, prenom } = await changeUser(depsOf(running), which, changes, commandActor('user update'));
  print(values, { email, nom, prenom });
}

async function sessions({ parts }: Running, values: Values): Promise<readonly object[]> {
  const found = await sessionsOf(parts.store, { email: text(values, 'email') });
  return found.map(({ uid, device, address, firstSeen, lastSeen }) => ({
    session: uid,
    ...device,
    address,
    firstSeen,
    lastSeen,
  }));
}

async function signOutUser({ parts }: Running, values: Values): Promise<void> {
  const email = text(values, 'email');
  const which = values['session'] === undefined ? 'all' : { uid: text(values, 'session') };
  await signOut(parts.store, { email }, which, commandActor('user sign-out'));
  print(values, { email, ended: which === 'all' ? 'all' : which.uid });
}

async function resetSecondFactor({ parts }: Running, values: Values): Promise<void> {
  const email = text(values, 'email');
  const removed = await resetFactorsByEmail(parts.store, email, commandActor('user reset-second-factor'));
  print(values, { email, removed });
}

const person = { email: string, role: string, nom: string, prenom: string, json: flag };

export const userCommands: Readonly<Record<string, Command>> = {
  'user add': { options: { ...person, 'password-stdin': flag }, run: add },
  'user invite': { options: person, run: invite },
  'user reset': { options: { email: string, json: flag }, run: reset },
  'user list': {
    options: { json: flag },
    run: ({ parts }, values) => printList(values, listUsers(parts.store.prisma)),
  },
  'user status': { options: { email: string, status: string, json: flag }, run: status },
  'user role': { options: { email: string, role: string, json: flag }, run: role },
  'user update': {
    options: { email: string, 'new-email': string, nom: string, prenom: string, json: flag },
    run: update,
  },
  'user sessions': {
    options: { email: string, json: flag },
    run: (running, values) => printList(values, sessions(running, values)),
  },
  'user sign-out': { options: { email: string, session: string, json: flag }, run: signOutUser },
  'user reset-second-factor': { options: { email: string, json: flag }, run: resetSecondFactor },
};
