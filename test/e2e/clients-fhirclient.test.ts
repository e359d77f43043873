// SMART's own JavaScript library, in a real browser, on an origin of its own: launched by itself and by the EHR, and refreshed.
// https://docs.smarthealthit.org/client-js/
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { withChromium, withWebApp } from '../support/chromium.ts';
import { emailOf, password, withSmartServer } from '../support/smart-server.ts';

const smart = withSmartServer();
const browser = withChromium();
const library = await readFile(
  new URL('../../node_modules/fhirclient/build/fhir-client.min.js', import.meta.url),
  'utf8',
);
let clientId = '';
let scope = 'launch/patient openid fhirUser offline_access patient/*.rs';

const launch = () => `<!doctype html><title>launch</title><script src="/fhir-client.js"></script><script>
const given = new URL(location).searchParams.has('iss') ? {} : { iss: ${JSON.stringify(smart.server.base)} };
FHIR.oauth2.authorize({ clientId: ${JSON.stringify(clientId)}, scope: ${JSON.stringify(scope)}, redirectUri: '/', pkceMode: 'required', ...given });
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
    scope: `launch ${scope} user/*.rs`,
  }));
});

/** What the page's script gives for this expression, in which `client` is the library's. */
const inApp = <T>(page: Page, expression: string): Promise<T> => page.evaluate(expression) as Promise<T>;

async function signIn(page: Page): Promise<void> {
  await page.fill('#email', emailOf('MEDECIN'));
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

async function arrived(page: Page): Promise<void> {
  await page.waitForFunction("document.title === 'ready' || document.title.startsWith('failed')");
  expect(await page.title()).toBe('ready');
}

describe('an app that launches by itself', () => {
  it('is signed in for, allowed in, and reads', async () => {
    scope = 'openid fhirUser offline_access user/*.rs';
    const { page, context } = await browser.open();
    await page.goto(`${app.origin}/launch.html`);
    await signIn(page);
    await page.click('button[value=allow]');
    await arrived(page);
    expect(await inApp(page, 'client.request("Patient/awa").then(({ id }) => id)')).toBe('awa');
    expect(await inApp(page, 'client.user.read().then(({ resourceType }) => resourceType)')).toBe('Practitioner');
    await context.close();
  });
});
