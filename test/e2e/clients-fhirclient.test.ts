// SMART's own JavaScript library, in a real browser, on an origin of its own: launched by itself and by the EHR, and refreshed.
// https://docs.smarthealthit.org/client-js/
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, withChromium, withWebApp } from '../support/chromium.ts';
import { postLaunch } from '../support/smart-launch.ts';
import { emailOf, password, withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const browser = withChromium();
const library = await readFile(
  new URL('../../node_modules/fhirclient/build/fhir-client.min.js', import.meta.url),
  'utf8',
);
const offline = 'openid fhirUser offline_access';
/** What the application asks for at its next launch. */
let scope = '';
let clientId = '';

const launch = () => `<!doctype html><title>launch</title><script src="/fhir-client.js"></script><script>
const given = new URL(location).searchParams.has('iss') ? {} : { iss: ${JSON.stringify(smart.server.base)} };
FHIR.oauth2.authorize({ clientId: ${JSON.stringify(clientId)}, scope: ${JSON.stringify(scope)}, redirectUri: '/',
  pkceMode: 'required', ...given });
</script>`;
const index = `<!doctype html><title>app</title><script src="/fhir-client.js"></script><script>
FHIR.oauth2.ready().then(
  (client) => { window.client = client; document.title = 'ready'; },
  (error) => { document.title = 'failed: ' + error.message; });
</script>`;
const app = withWebApp(() => ({ '/launch.html': launch(), '/': index, '/fhir-client.js': library }));

beforeAll(async () => {
  ({ clientId } = await smart.server.register({
    name: 'Growth Chart',
    kind: 'public',
    redirectUris: [`${app.origin}/`],
    launchUrl: `${app.origin}/launch.html`,
    scope: `launch launch/patient ${offline} patient/*.cruds user/*.rs`,
  }));
});

/** What the page's script gives for this expression, in which `client` is the library's. */
const inApp = <T>(page: Page, expression: string): Promise<T> => page.evaluate(expression) as Promise<T>;

async function signIn(page: Page): Promise<void> {
  await page.fill('#email', emailOf('MEDECIN'));
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

async function allow(page: Page): Promise<void> {
  await page.click('button[value=allow]');
  await page.waitForFunction("document.title === 'ready' || document.title.startsWith('failed')");
  expect(await page.title()).toBe('ready');
}

describe.runIf(hasChromium)('an app that launches by itself, in Chromium', () => {
  let page: Page;

  beforeAll(async () => {
    scope = `launch/patient ${offline} patient/*.cruds`;
    ({ page } = await browser.open());
    await page.goto(`${app.origin}/launch.html`);
    await signIn(page);
    // The picker: search, and choose.
    await page.fill('input[type=search]', 'diaye');
    await page.keyboard.press('Enter');
    await page.click('button[name=patient]');
    await page.waitForSelector('button[value=allow]');
    expect(await page.textContent('main')).toMatch(/N'DIAYE/i);
    await allow(page);
  }, 60_000);

  it('knows the patient and the person, and reads both', async () => {
    expect(await inApp(page, 'client.patient.id')).toBe('awa');
    expect(await inApp(page, 'client.patient.read().then(({ birthDate }) => birthDate)')).toBe('1980-02-29');
    expect(await inApp(page, 'client.user.read().then(({ resourceType }) => resourceType)')).toBe('Practitioner');
  });

  it('searches what is the patient’s, and gets nothing of another one', async () => {
    const search = `client.request('Observation?_count=50').then(({ entry }) => entry.map(({ resource }) => resource.id))`;
    expect(await inApp(page, search)).toEqual(['awa-pulse']);
    const other = `client.request('Patient/elodie').then(() => 200, (error) => error.statusCode)`;
    expect([403, 404]).toContain(await inApp(page, other));
  });

  it('writes for the patient', async () => {
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'weight' },
      subject: { reference: 'Patient/awa' },
    };
    const create = `client.create(${JSON.stringify(observation)}).then(({ id, subject }) => [typeof id, subject.reference])`;
    expect(await inApp(page, create)).toEqual(['string', 'Patient/awa']);
  });

  it('refreshes its token, and goes on with the new one in the same context', async () => {
    const old = await inApp(page, 'client.state.tokenResponse.access_token');
    await inApp(page, 'client.refresh().then(() => undefined)');
    expect(await inApp(page, 'client.state.tokenResponse.access_token')).not.toBe(old);
    expect(await inApp(page, 'client.patient.read().then(({ id }) => id)')).toBe('awa');
  });
});

describe.runIf(hasChromium)('an app that the EHR launches, in Chromium', () => {
  it('gets the patient that is open there, without a picker', async () => {
    scope = `launch ${offline} patient/*.rs`;
    const token = await smart.server.token({ scope: 'user/*.rs' });
    const launched = await postLaunch(smart.server, token, { client_id: clientId, patient: 'elodie' });
    expect(launched.status).toBe(201);
    const { page, context } = await browser.open();
    await page.goto(String(launched.body['launch_url']));
    await signIn(page);
    await allow(page);
    expect(await inApp(page, 'client.patient.read().then(({ id }) => id)')).toBe('elodie');
    expect(await inApp(page, "client.request('Patient/awa').then(() => 200, (error) => error.statusCode)")).not.toBe(
      200,
    );
    await context.close();
  }, 60_000);
});
