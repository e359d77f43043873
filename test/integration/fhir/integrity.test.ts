// https://hl7.org/fhir/R4/http.html#delete: "a server may refuse to delete a resource that others refer to"
import type { Bundle, OperationOutcome } from '@medplum/fhirtypes';
import { describe, expect, it } from 'vitest';
import { createIntegrity } from '../../../src/fhir/integrity/integrity.ts';
import { withServer } from '../../support/server.ts';

const enforced = 'https://example.org/own/thing';
const integrity = (mode: 'enforce' | 'warn' | 'off') =>
  createIntegrity({ own: 'https://example.org/own/', modes: { livedoc: 'enforce', '*': mode } });

const server = withServer({ integrity: integrity('warn') });
const { request } = server;
const lax = withServer({ integrity: integrity('off') });

const issues = (answer: { as<T>(): T }) => answer.as<OperationOutcome>().issue;
let count = 0;
const name = () => {
  count += 1;
  return `i-${count}`;
};

/** Basic has few rules and takes a subject, an author and extensions. */
const basic = (id: string, references: object, own = true) => ({
  resourceType: 'Basic',
  id,
  ...(own ? { meta: { profile: [enforced] } } : {}),
  code: { text: 'x' },
  ...references,
});
const put = (resource: { resourceType: string; id: string }, headers: Record<string, string> = {}) =>
  request('PUT', `/${resource.resourceType}/${resource.id}`, { body: resource, headers });
const patient = async () => {
  const id = name();
  await put({ resourceType: 'Patient', id });
  return `Patient/${id}`;
};
const subject = (reference: string) => ({ subject: { reference } });
const bundle = (...entry: object[]) => ({ resourceType: 'Bundle', type: 'transaction', entry });
const entryOf = (method: string, url: string, resource?: object) => ({
  ...(resource ? { resource } : {}),
  request: { method, url },
});

describe('enforced references', () => {
  it('let a write through whose targets are there', async () => {
    expect((await put(basic(name(), subject(await patient())))).status).toBe(201);
    const absolute = `${server.base}/${await patient()}`;
    expect((await put(basic(name(), subject(absolute)))).status).toBe(201);
  });

  it('refuse a target that never was with 422, naming each expression, and change nothing', async () => {
    const id = name();
    const answer = await put(
      basic(id, {
        ...subject('Patient/i-never'),
        author: { reference: 'Practitioner/i-never' },
        extension: [{ url: 'http://example.org/e', valueReference: { reference: 'Patient/i-never' } }],
      }),
    );
    expect([answer.status, issues(answer).map(({ code }) => code)]).toEqual([
      422,
      ['not-found', 'not-found', 'not-found'],
    ]);
    expect(
      issues(answer)
        .map(({ expression }) => expression?.[0])
        .sort(),
    ).toEqual(['Basic.author.reference', 'Basic.extension[0].valueReference.reference', 'Basic.subject.reference']);
    expect((await request('GET', `/Basic/${id}`)).status).toBe(404);
  });

  it('take a deleted target for a missing one', async () => {
    const target = await patient();
    await request('DELETE', `/${target}`);
    expect((await put(basic(name(), subject(target)))).status).toBe(422);
  });

  it('hold for creates, updates and patches alike', async () => {
    const created = await request('POST', '/Basic', { body: basic('x', subject('Patient/i-never')) });
    const id = name();
    await put(basic(id, subject(await patient())));
    const updated = await put(basic(id, subject('Patient/i-never')));
    const patched = await request('PATCH', `/Basic/${id}`, {
      body: '[{"op":"replace","path":"/subject/reference","value":"Patient/i-never"}]',
      headers: { 'content-type': 'application/json-patch+json' },
    });
    expect([created.status, updated.status, patched.status]).toEqual([422, 422, 422]);
  });

  it('ask nothing of contained, logical, foreign and own references', async () => {
    const id = name();
    const answer = await put(
      basic(id, {
        contained: [{ resourceType: 'Patient', id: 'p' }],
        subject: { reference: '#p' },
        author: { identifier: { value: 'x' } },
        extension: ['http://elsewhere.example/fhir/Patient/1', `Basic/${id}`].map((reference) => ({
          url: 'http://example.org/e',
          valueReference: { reference },
        })),
      }),
    );
    expect(answer.status).toBe(201);
  });

  it('count what the same transaction writes, and name the entry of what it does not', async () => {
    const [a, b] = [name(), name()];
    const good = bundle(
      entryOf('PUT', `Basic/${a}`, basic(a, subject(`Patient/${b}`))),
      entryOf('PUT', `Patient/${b}`, { resourceType: 'Patient', id: b }),
    );
    expect((await request('POST', '', { body: good })).status).toBe(200);
    const c = name();
    const bad = bundle(
      entryOf('PUT', `Patient/${c}`, { resourceType: 'Patient', id: c }),
      entryOf('POST', 'Basic', basic('x', subject('Patient/i-never'))),
    );
    const answer = await request('POST', '', { body: bad });
    expect([answer.status, issues(answer)[0]?.expression]).toEqual([
      422,
      ['Bundle.entry[1].resource.subject.reference'],
    ]);
    expect((await request('GET', `/Patient/${c}`)).status).toBe(404);
  });

  it('keep what they point at from being deleted: 409, naming who refers to it', async () => {
    const target = await patient();
    const id = name();
    await put(basic(id, subject(target)));
    const answer = await request('DELETE', `/${target}`);
    expect([answer.status, issues(answer)[0]?.diagnostics]).toEqual([409, expect.stringContaining(`Basic/${id}`)]);
    expect((await request('GET', `/${target}`)).status).toBe(200);
  });

  it('let it be deleted when nothing points at it any more, or is deleted with it', async () => {
    const target = await patient();
    const id = name();
    await put(basic(id, subject(target)));
    await put(basic(id, subject(await patient())));
    expect((await request('DELETE', `/${target}`)).status).toBe(204);
    const other = await patient();
    const source = name();
    await put(basic(source, subject(other)));
    const both = bundle(entryOf('DELETE', other), entryOf('DELETE', `Basic/${source}`));
    expect((await request('POST', '', { body: both })).status).toBe(200);
  });

  it('say which entry of a transaction cannot be deleted', async () => {
    const target = await patient();
    await put(basic(name(), subject(target)));
    const answer = await request('POST', '', {
      body: bundle(entryOf('DELETE', 'Patient/i-never'), entryOf('DELETE', target)),
    });
    expect([answer.status, issues(answer)[0]?.expression]).toEqual([409, ['Bundle.entry[1]']]);
  });

  it('are never left dangling by writes and deletions at the same time', async () => {
    for (let round = 0; round < 6; round += 1) {
      const target = await patient();
      const ids = Array.from({ length: 6 }, name);
      const [removed, ...made] = await Promise.all([
        request('DELETE', `/${target}`),
        ...ids.map((id) => put(basic(id, subject(target)))),
      ]);
      const isThere = (await request('GET', `/${target}`)).status === 200;
      expect(isThere).toBe(removed.status === 409);
      if (!isThere) expect(made.map(({ status }) => status)).toEqual(made.map(() => 422));
    }
  });

  it('let many write at once what points at each other', async () => {
    const [a, b] = [await patient(), await patient()];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, at) => {
        const [own, other] = at % 2 ? [a, b] : [b, a];
        const id = own.split('/')[1] ?? '';
        const link = [{ type: 'seealso', other: { reference: other } }];
        return put({
          resourceType: 'Patient',
          id,
          meta: { profile: [enforced] },
          multipleBirthInteger: at,
          link,
        } as never);
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(24).fill(200));
  });
});

describe('remarked references', () => {
  it('hinder nothing, and are said in the OperationOutcome that was asked for', async () => {
    const body = basic(name(), subject('Patient/i-never'), false);
    const answer = await put(body, { prefer: 'return=OperationOutcome' });
    expect([answer.status, issues(answer)]).toMatchObject([
      201,
      [{ severity: 'warning', code: 'not-found', expression: ['Basic.subject.reference'] }],
    ]);
    const good = await put(basic(name(), subject(await patient()), false), { prefer: 'return=OperationOutcome' });
    expect(issues(good)).toMatchObject([{ severity: 'information' }]);
  });

  it('are said in the entries of a transaction', async () => {
    const body = bundle(entryOf('POST', 'Basic', basic('x', subject('Patient/i-never'), false)));
    const answer = await request('POST', '', { body, headers: { prefer: 'return=OperationOutcome' } });
    const [entry] = answer.as<Bundle>().entry ?? [];
    expect(entry?.response).toMatchObject({ status: '201 Created', outcome: { issue: [{ severity: 'warning' }] } });
  });

  it('keep nothing from being deleted', async () => {
    const target = await patient();
    await put(basic(name(), subject(target), false));
    expect((await request('DELETE', `/${target}`)).status).toBe(204);
  });
});

describe('references that are left alone', () => {
  it('are not spoken of', async () => {
    const id = name();
    const answer = await lax.request('PUT', `/Basic/${id}`, {
      body: basic(id, subject('Patient/i-never'), false),
      headers: { prefer: 'return=OperationOutcome' },
    });
    expect([answer.status, issues(answer)]).toMatchObject([201, [{ severity: 'information' }]]);
  });
});
