/** docs/smart/access-table.md: who may do what, asked of the code that decides, for the tables by which requests are answered. */
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../../src/auth/access.ts';
import { breakGlassOf } from '../../../src/auth/glass/break-glass.ts';
import { groups } from '../../../src/auth/resource-groups.ts';
import type { Access, Caller, Permission, Role } from '../../../src/fhir/access.ts';
import { isUnrestricted } from '../../../src/fhir/interactions/guard.ts';
import { interactions } from '../../../src/fhir/interactions/table.ts';
import { extract } from '../../../src/fhir/search/extract.ts';
import type { Route } from '../../../src/http/api/route.ts';
import { routes } from '../../../src/http/api/routes.ts';
import { FhirError } from '../../../src/shared/errors.ts';
import { silent } from '../../../src/shared/logger.ts';

interface Column {
  readonly title: string;
  readonly access: Access;
}

const client = { name: 'app' };
const person = (role: Role, patient?: string): Caller => ({
  client,
  userId: '0190',
  role,
  practitioner: 'Practitioner/me',
  ...(patient ? { patient } : {}),
});
const laboratory = 'category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory';
const column = (title: string, caller: Caller, scope: string): Column => ({
  title,
  access: accessOf(caller, scope, (resource) => extract(resource)),
});

const columns: readonly Column[] = [
  column('MEDECIN `user/*.cruds`', person('MEDECIN'), 'user/*.cruds'),
  column('PERSONNEL `user/*.cruds`', person('PERSONNEL'), 'user/*.cruds'),
  column('ADMINISTRATEUR `user/*.cruds`', person('ADMINISTRATEUR'), 'user/*.cruds'),
  column('MEDECIN `patient/*.cruds`', person('MEDECIN', 'p1'), 'patient/*.cruds'),
  column('MEDECIN `patient/*.read`', person('MEDECIN', 'p1'), 'patient/*.read'),
  column(
    'MEDECIN `patient/Observation.rs?category=laboratory`',
    person('MEDECIN', 'p1'),
    `patient/Observation.rs?${laboratory}`,
  ),
  column('MEDECIN `openid fhirUser`', person('MEDECIN'), 'openid fhirUser'),
  column('system `system/*.cruds`', { client }, 'system/*.cruds'),
  column('system `system/Observation.rs`', { client }, 'system/Observation.rs'),
];

const letters: readonly Permission[] = ['c', 'r', 'u', 'd', 's'];

/** Letters that hold for every resource of the type as they are, those that hold for some in brackets. */
function cell({ access }: Column, type: string): string {
  const whole = letters.filter((letter) => access.may(letter, type) && isUnrestricted(access, letter, type)).join('');
  const part = letters.filter((letter) => access.may(letter, type) && !isUnrestricted(access, letter, type)).join('');
  return `${whole}${part && `(${part})`}` || '–';
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Types of one group with the same letters share a row. */
function typeRows(): readonly (readonly string[])[] {
  return Object.entries(groups).flatMap(([group, types]) => {
    const rows = new Map<string, string[]>();
    for (const type of types) {
      const cells = JSON.stringify(columns.map((each) => cell(each, type)));
      rows.set(cells, [...(rows.get(cells) ?? []), type]);
    }
    return [...rows].map(([cells, names]) => [group, names.join(', '), ...(JSON.parse(cells) as string[])]);
  });
}

/** An interaction stands for its own type, or for a search, read or write of an Observation. */
function interactionRows(): readonly (readonly string[])[] {
  return interactions.map(({ method, path, code, permissions, defers }) => {
    const [first = ''] = path.split('/');
    const type = /^[A-Z]/.test(first) ? first : 'Observation';
    const asked = columns.map(({ access }) => {
      // An export is for services alone.
      if (defers && access.caller.userId !== undefined) return 'no';
      if (permissions.length === 0 || !/^(:type|:compartment|[A-Z])/.test(first)) return 'by type';
      const open = permissions.filter((permission) => access.may(permission, type));
      if (open.length === 0) return 'no';
      return open.some((permission) => isUnrestricted(access, permission, type)) ? 'yes' : 'part';
    });
    return [`\`${method} /fhir/${path}\``, code, permissions.join(', ') || 'each type’s', ...asked];
  });
}

/** What a row reaches when it does not refuse: anything that would have to be there. */
class Reached extends Error {}

/** Something of which everything can be asked, and which ends what is called on it. */
function anything(known: Readonly<Record<string, unknown>> = {}): never {
  const target = () => undefined;
  return new Proxy(target, {
    get: (_, name) => {
      if (typeof name === 'string' && name in known) return known[name];
      return name === 'then' || typeof name === 'symbol' ? undefined : anything();
    },
    apply: () => {
      throw new Reached();
    },
  }) as never;
}

async function mayRun({ run }: Route, access: Access): Promise<string> {
  const audit = { append: () => Promise.resolve() };
  // Plain objects, for they are spread into others on the way.
  const [read, readMany, readVersion, search, query, lock] = Array.from({ length: 6 }, () => anything());
  const resources = { read, readMany, readVersion, readAudited: read, write: read, present: read, history: read };
  const store: object = {
    ...{ audit, resources, search, lock, db: { query }, jobs: { add: query }, findTokens: search },
    transaction: (work: (inner: unknown) => unknown) => Promise.resolve(work(store)),
    exclusively: (_: unknown, work: (inner: unknown) => unknown) => Promise.resolve(work(store)),
  };
  const base = 'http://localhost/fhir';
  const context = { access, store, base, now: () => new Date(), log: anything(), validate: () => [] };
  const body = { client_id: 'a', patient: 'p1', reason: 'x', patient_id: 'p1', name: 'x', validation_status: 'VALIDE' };
  const asked = { id: 'p1', params: { id: 'p1' }, query: { limit: 1 }, body, ifMatch: undefined };
  try {
    const roles = new Set(['MEDECIN'] as const);
    const glass = { store, factors: anything(), roles, minutes: 60, onChange: () => undefined, log: silent };
    await run(anything({ context, breakGlass: breakGlassOf(glass as never) }), asked as never);
  } catch (error) {
    if (error instanceof FhirError && ['forbidden', 'unauthenticated'].includes(error.kind)) return 'no';
  }
  return 'yes';
}

async function apiRows(): Promise<readonly (readonly string[])[]> {
  const rows: string[][] = [];
  for (const route of routes) {
    const cells: string[] = [];
    for (const { access } of columns) cells.push(await mayRun(route, access));
    rows.push([`\`${route.method.toUpperCase()} /api${route.path}\``, ...cells]);
  }
  return rows;
}

const features = [
  ['images', 'see images and heat maps'],
  ['submit', '`POST /dicomweb/studies` (STOW-RS)'],
  ['validation', 'sign a validation'],
  ['accounts', 'accounts, clients, `GET /metrics`'],
  ['audit', 'the audit trail of others'],
] as const;

async function page(): Promise<string> {
  const titles = columns.map(({ title }) => title);
  return [
    '# Who may do what',
    '',
    'Made by a test from the code that decides (`npx vitest run --project unit access-table -u` renews it). A scope never gives more',
    'than the role; a `patient/` scope counts with a patient in context. Consents, labels and break-the-glass come on top.',
    '',
    '## Resource types',
    '',
    'SMART letters: create, read, update, delete, search. In brackets: of some resources of the type only (the compartment of the',
    "patient in context, a category, one's own trail, no reading of the model).",
    '',
    table(['group', 'types', ...titles], typeRows()),
    '',
    '## FHIR interactions',
    '',
    'On an Observation where the path names no type. `part`: answered for the resources that the caller sees; what is outside gets the',
    'answer of what is not there. `by type`: each type that is touched is asked by itself.',
    '',
    table(['request', 'interaction', 'letters', ...titles], interactionRows()),
    '',
    '## JSON API',
    '',
    'Whether the row lets the caller in; what it then finds is what FHIR gives.',
    '',
    table(['request', ...titles], await apiRows()),
    '',
    '## What no resource says',
    '',
    table(
      ['feature', ...titles],
      features.map(([feature, words]) => [
        words,
        ...columns.map(({ access }) => (access.mayUse(feature) ? 'yes' : 'no')),
      ]),
    ),
    '',
  ].join('\n');
}

describe('the table of roles and scopes against endpoints', () => {
  it('is in docs/smart/access-table.md', async () => {
    await expect(await page()).toMatchFileSnapshot('../../../docs/smart/access-table.md');
  });
});
