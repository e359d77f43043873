/**
 * Break-the-glass: an explicit act that opens one closed record to one person, for a while, to be read, and to be judged.
 * https://hl7.org/fhir/R4/security-labels.html#break-the-glass
 */
import type { AuditEvent, Bundle, Consent } from '@medplum/fhirtypes';
import { beforeAll, describe, expect, it } from 'vitest';
import { addUser } from '../../src/auth/accounts.ts';
import { addFactor, newDevice } from '../../src/auth/factors/enrol.ts';
import { silent } from '../../src/shared/logger.ts';
import { findUser } from '../../src/store/accounts/users.ts';
import { codeAt, factorDeps, peer } from '../support/factor-deps.ts';
import { password, withSmartServer } from '../support/smart-server.ts';

const test = withSmartServer({ LIVEDOC_BREAK_GLASS_MINUTES: '30' });

const token = { medecin: '', other: '', personnel: '', administrateur: '', second: '' };
const scope = 'user/*.cruds openid fhirUser';
let otherId = '';

const closed = (patient: string): Consent => ({
  resourceType: 'Consent',
  id: patient,
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  patient: { reference: `Patient/${patient}` },
  policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTOUT' }] },
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function api(method: string, path: string, as: string, body?: unknown): Promise<Answer> {
  const response = await test.server.request(`/~/api${path}`, as, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse((await response.text()) || '{}') };
}

const status = async (path: string, as: string) => (await test.server.request(path, as)).status;
const act = {
  patient_id: 'awa',
  reason: 'vital-emergency',
  explanation: 'Inconsciente aux urgences',
  password,
};
const open = (as: string, rest: Record<string, unknown> = {}) =>
  api('POST', '/break-the-glass', as, { ...act, ...rest });
const end = (id: unknown, as: string) => api('POST', `/break-the-glass/${String(id)}/end`, as);
const review = (id: unknown, as: string, verdict = 'justified') =>
  api('POST', `/break-the-glass/${String(id)}/review`, as, { verdict, comment: 'Vu avec le service.' });

async function events(query: string): Promise<readonly AuditEvent[]> {
  const response = await test.server.request(`/AuditEvent?_count=200&${query}`, token.administrateur);
  const bundle = (await response.json()) as Bundle<AuditEvent>;
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource ? [resource] : []));
}
const purpose = (event: AuditEvent) => event.purposeOfEvent?.[0]?.coding?.[0]?.code;

beforeAll(async () => {
  const { parts } = test.server;
  const deps = { ...parts, now: () => new Date(), log: silent };
  const other = { email: 'second@hopital.fr', role: 'MEDECIN', nom: 'Roux', prenom: 'Marc', password } as const;
  otherId = (await addUser(deps, other)).id;
  const admin = { email: 'dpo@hopital.fr', role: 'ADMINISTRATEUR', nom: 'Blanc', prenom: 'Inès', password } as const;
  const { id: second } = await addUser(deps, admin);
  token.medecin = await test.server.token({ scope });
  token.other = await test.server.token({ scope, user: otherId });
  token.personnel = await test.server.token({ role: 'PERSONNEL', scope });
  token.administrateur = await test.server.token({ role: 'ADMINISTRATEUR', scope });
  token.second = await test.server.token({ role: 'ADMINISTRATEUR', scope, user: second });
  await test.server.put(closed('awa'));
  await test.server.put(closed('elodie'));
});

describe('a broken glass', () => {
  let id: unknown;
  const since = new Date().toISOString();

  it('opens the record to this person, and says until when', async () => {
    expect(await status('/Observation/awa-pulse', token.medecin)).toBe(404);
    const { status: answer, body } = await open(token.medecin, { minutes: 10 });
    expect(answer).toBe(201);
    expect(body).toMatchObject({
      patient_id: 'awa',
      reason: 'vital-emergency',
      status: 'open',
      nom: 'Petit',
      verdict: null,
    });
    expect(Date.parse(String(body['expires_at'])) - Date.parse(String(body['opened_at']))).toBe(600_000);
    id = body['id'];
    for (const path of [
      '/Patient/awa',
      '/Observation/awa-pulse',
      '/Patient/awa/$everything',
      '/Patient/awa/_history',
    ]) {
      expect(await status(path, token.medecin)).toBe(200);
    }
    const found = await (await test.server.request('/Observation?patient=awa', token.medecin)).text();
    expect(found).toContain('awa-pulse');
  });

  it('opens no other record, and this one to nobody else', async () => {
    expect(await status('/Observation/elodie-pulse', token.medecin)).toBe(404);
    expect(await status('/Observation/awa-pulse', token.other)).toBe(404);
    expect(await status('/Observation/awa-pulse', token.personnel)).toBe(404);
    expect(await status('/Observation/awa-pulse', token.administrateur)).toBe(404);
  });

  it('opens it to be read, and not to be changed', async () => {
    const write = (method: string, path: string, body: unknown, type = 'application/fhir+json') =>
      test.server.request(path, token.medecin, {
        method,
        headers: { 'content-type': type },
        body: JSON.stringify(body),
      });
    const pulse = (await (await test.server.request('/Observation/awa-pulse', token.medecin)).json()) as object;
    expect((await write('PUT', '/Observation/awa-pulse', { ...pulse, status: 'amended' })).status).toBe(403);
    const patch = [{ op: 'replace', path: '/status', value: 'amended' }];
    expect((await write('PATCH', '/Observation/awa-pulse', patch, 'application/json-patch+json')).status).not.toBe(200);
    expect((await write('DELETE', '/Observation/awa-pulse', {})).status).toBe(403);
    const { id: _, ...another } = pulse as { id: string };
    expect((await write('POST', '/Observation', another)).status).toBe(403);
  });

  it('gives no more than the scopes of the token', async () => {
    const narrow = await test.server.token({ scope: 'user/Patient.rs' });
    expect(await status('/Patient/awa', narrow)).toBe(200);
    expect(await status('/Observation/awa-pulse', narrow)).toBe(403);
  });

  it('is not opened twice', async () => expect((await open(token.medecin)).status).toBe(409));

  it('sounds the alarm: a Security Alert, Emergency Override Started, with who, whom and why', async () => {
    const [event, ...more] = (await events(`date=ge${since}&patient=awa`)).filter(({ subtype = [] }) =>
      subtype.some(({ code }) => code === '110127'),
    );
    expect(more).toEqual([]);
    expect(event).toMatchObject({ type: { code: '110113' }, outcome: '0', action: 'E' });
    expect(purpose(event as AuditEvent)).toBe('BTG');
    const text = JSON.stringify(event);
    for (const said of ['Patient/awa', 'Claire Petit', 'vital-emergency', 'Inconsciente aux urgences']) {
      expect(text).toContain(said);
    }
  });

  it('marks every access to the record BTG, and none to another', async () => {
    await status('/Observation/awa-pulse', token.medecin);
    await status('/Observation?patient=awa&code=nothing', token.medecin);
    await status('/Patient/jean', token.medecin);
    const read = await events(`date=ge${since}&patient=awa&type=rest`);
    const own = read.filter(({ agent, outcome }) => outcome === '0' && JSON.stringify(agent).includes('Claire Petit'));
    expect(own.length).toBeGreaterThan(4);
    expect(new Set(own.map(purpose))).toEqual(new Set(['BTG']));
    expect(own[0]?.agent.find(({ requestor }) => requestor)?.purposeOfUse?.[0]?.coding?.[0]?.code).toBe('BTG');
    expect((await events(`date=ge${since}&patient=jean&type=rest`)).map(purpose)).toEqual([undefined]);
    const searches = (await events(`date=ge${since}&type=rest&subtype=search-type`)).filter(({ entity = [] }) =>
      entity.some(({ query }) =>
        Buffer.from(query ?? '', 'base64')
          .toString()
          .includes('code=nothing'),
      ),
    );
    expect(searches.map(purpose)).toEqual(['BTG']);
  });

  it('is in the queue of who judges, and seen by nobody else', async () => {
    const queue = await api('GET', '/break-the-glass?status=to-review', token.administrateur);
    expect(JSON.stringify(queue.body)).toContain(String(id));
    expect((await api('GET', '/break-the-glass', token.other)).body).toEqual([]);
    expect(JSON.stringify((await api('GET', '/break-the-glass?status=open', token.medecin)).body)).toContain(
      String(id),
    );
  });

  it('is ended by nobody else, and then at once', async () => {
    expect((await end(id, token.other)).status).toBe(404);
    expect((await end(id, token.medecin)).body).toMatchObject({ status: 'ended' });
    expect(await status('/Observation/awa-pulse', token.medecin)).toBe(404);
    expect((await end(id, token.medecin)).status).toBe(409);
    const stops = (await events(`date=ge${since}&patient=awa`)).filter(({ subtype = [] }) =>
      subtype.some(({ code }) => code === '110138'),
    );
    expect(stops).toHaveLength(1);
  });

  it('is judged once, by an administrator', async () => {
    expect((await review(id, token.medecin)).status).toBe(403);
    expect((await review(id, token.administrateur, 'follow-up')).status).toBe(200);
    expect((await review(id, token.second)).body).toMatchObject({
      verdict: 'justified',
      comment: 'Vu avec le service.',
    });
    expect((await review(id, token.administrateur)).status).toBe(409);
    const queue = await api('GET', '/break-the-glass?status=to-review', token.administrateur);
    expect(JSON.stringify(queue.body)).not.toContain(String(id));
    expect(
      (await events(`date=ge${since}&patient=awa`)).filter(({ subtype }) =>
        JSON.stringify(subtype).includes('reviewed'),
      ),
    ).toHaveLength(2);
  });

  it('that was not justified is shut at once', async () => {
    const { body } = await open(token.medecin);
    expect(await status('/Patient/awa', token.medecin)).toBe(200);
    expect((await review(body['id'], token.administrateur, 'not-justified')).body).toMatchObject({ status: 'ended' });
    expect(await status('/Patient/awa', token.medecin)).toBe(403);
  });

  it('ends by the clock', async () => {
    const { body } = await open(token.medecin);
    const text = `update break_glass set opened_at = now() - interval '1 hour', expires_at = now() + interval '300 milliseconds' where id::text = $1`;
    await test.server.parts.store.db.query({ text, values: [body['id']] });
    expect(await status('/Patient/awa', token.medecin)).toBe(200);
    await expect.poll(() => status('/Patient/awa', token.medecin), { timeout: 1000, interval: 50 }).toBe(403);
    const listed = await api('GET', '/break-the-glass', token.medecin);
    expect(JSON.stringify(listed.body)).toContain('expired');
    const again = await open(token.medecin);
    expect(again.status).toBe(201);
    await end(again.body['id'], token.medecin);
  });

  it('is one of four that are asked for at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => open(token.medecin)));
    expect(answers.map(({ status: one }) => one).sort()).toEqual([201, 409, 409, 409]);
    const { body } = answers.find(({ status: one }) => one === 201) as Answer;
    const ends = await Promise.all([1, 2, 3, 4].map(() => end(body['id'], token.medecin)));
    expect(ends.map(({ status: one }) => one).sort()).toEqual([200, 409, 409, 409]);
  });

  it('opens a restriction of the record, which an administrator gives it with a reason', async () => {
    const restrict = (restricted: boolean, as: string) =>
      api('PUT', '/patients/jean/restriction', as, { restricted, reason: 'À la demande de la personne' });
    expect((await restrict(true, token.medecin)).status).toBe(403);
    expect((await restrict(true, token.administrateur)).body).toEqual({ patient_id: 'jean', restricted: true });
    await expect.poll(() => status('/Patient/jean', token.medecin), { timeout: 1000 }).toBe(403);
    const { body } = await open(token.medecin, { patient_id: 'jean' });
    expect(await status('/Patient/jean', token.medecin)).toBe(200);
    expect(await status('/Patient/jean', token.other)).toBe(403);
    await end(body['id'], token.medecin);
    expect((await restrict(false, token.administrateur)).status).toBe(200);
    await expect.poll(() => status('/Patient/jean', token.other), { timeout: 1000 }).toBe(200);
  });
});

describe('who may not break the glass', () => {
  it.each<[string, () => string, Record<string, unknown>, number]>([
    ['another role', () => token.personnel, {}, 403],
    ['an administrator', () => token.administrateur, {}, 403],
    ['a wrong password', () => token.medecin, { password: 'not the password' }, 403],
    ['no password', () => token.medecin, { password: undefined }, 400],
    ['no reason', () => token.medecin, { reason: undefined }, 400],
    ['a reason that is none', () => token.medecin, { reason: 'curiosity' }, 400],
    ['an explanation of one word', () => token.medecin, { explanation: 'urgent' }, 400],
    ['a patient who is not there', () => token.medecin, { patient_id: 'nobody' }, 404],
    ['no id', () => token.medecin, { patient_id: 'Patient/awa' }, 400],
    ['longer than allowed', () => token.medecin, { minutes: 31 }, 400],
    ['for no time', () => token.medecin, { minutes: 0 }, 400],
    ['an unknown field', () => token.medecin, { forever: true }, 400],
  ])('%s', async (_, as, rest, expected) => {
    expect((await open(as(), rest)).status).toBe(expected);
    expect(await status('/Observation/awa-pulse', token.medecin)).toBe(404);
  });

  it('nobody: without a token', async () => {
    const response = await test.server.request('/~/api/break-the-glass', undefined, { method: 'POST' });
    expect(response.status).toBe(401);
  });

  it('an application that was launched for another patient', async () => {
    const launched = await test.server.token({ scope: 'patient/*.rs', context: { patient: 'jean' } });
    expect((await open(launched)).status).toBe(403);
  });

  it('a number that is none, in ending and judging', async () => {
    expect((await end('none', token.medecin)).status).toBe(404);
    expect((await review('none', token.administrateur)).status).toBe(404);
    expect((await review('none', token.administrateur, 'fine')).status).toBe(400);
  });

  it('a refusal leaves its trace', async () => {
    const refused = (await events('patient=awa')).filter(({ subtype }) => JSON.stringify(subtype).includes('refused'));
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused.every(({ outcome }) => outcome === '4')).toBe(true);
  });

  it('whoever is suspended has nothing open any more', async () => {
    const { status: answer } = await open(token.other);
    expect([answer, await status('/Patient/awa', token.other)]).toEqual([201, 200]);
    await test.server.parts.store.db.query({
      text: `update users set status = 'SUSPENDED' where id::text = $1`,
      values: [otherId],
    });
    await expect.poll(() => status('/Patient/awa', token.other), { timeout: 1000 }).toBe(401);
  });
});

describe('somebody with a second factor', () => {
  it('brings its code, once, and the password', async () => {
    const { parts } = test.server;
    const { medecin: as } = token;
    const deps = factorDeps(parts.store, parts.secret, () => new Date());
    const user = await findUser(parts.store.db, test.server.users.MEDECIN.id);
    if (!user) throw new Error('There is no physician.');
    const device = newDevice(deps, { user, boundTo: 'test' });
    // The step before is taken for the enrolment, so that the present one is still good.
    const before = codeAt(device.secret, new Date(Date.now() - 30_000));
    const enrolment = { name: 'Téléphone', sealed: device.sealed, code: before };
    expect(await addFactor(deps, { user, boundTo: 'test' }, enrolment, peer, true)).toMatchObject({ kind: 'added' });
    const code = codeAt(device.secret, new Date());
    expect((await open(as)).status).toBe(403);
    expect((await open(as, { code: '000000' })).status).toBe(403);
    const { status: answer, body } = await open(as, { code });
    expect(answer).toBe(201);
    await end(body['id'], as);
    expect((await open(as, { code })).status).toBe(403);
    expect(await status('/Patient/awa', as)).toBe(403);
  });
});

describe('a Consent that denies everybody', () => {
  it('is ended by an administrator with a reason', async () => {
    const ask = (as: string) => api('POST', '/consents/elodie/end', as, { reason: 'Révoqué par la patiente' });
    expect((await ask(token.medecin)).status).toBe(403);
    expect((await ask(token.administrateur)).body).toEqual({ id: 'elodie', status: 'inactive' });
    expect(await status('/Observation/elodie-pulse', token.medecin)).toBe(200);
    expect((await ask(token.administrateur)).status).toBe(409);
    const told = JSON.stringify(await events('patient=elodie'));
    expect(told).toContain('Révoqué par la patiente');
  });
});
