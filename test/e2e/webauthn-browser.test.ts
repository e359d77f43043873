/**
 * A security key in a real browser: the pages' own script under their Content-Security-Policy, with Chromium's virtual
 * authenticator. https://www.w3.org/TR/webauthn-3/#sctn-automation
 */
import type { BrowserContext, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { withChromium } from '../support/chromium.ts';
import { medecin, password, withOidcApp } from '../support/oidc-app.ts';

// Keys work for names, not for addresses.
const server = withOidcApp('localhost');
const browser = withChromium();

async function addKey(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: true } as const;
  await session.send('WebAuthn.addVirtualAuthenticator', { options });
}

async function signIn(page: Page): Promise<void> {
  await page.fill('#email', medecin.email);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
}

describe('a security key in Chromium', () => {
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    ({ context, page } = await browser.open());
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await addKey(context, page);
  });

  it('is registered on the page of the account', async () => {
    await page.goto(`${server.app.origin}/account/second-factor/add`);
    await signIn(page);
    await page.fill('#key-name', 'Ma clé');
    await page.click('form[data-webauthn=create] button');
    await page.waitForSelector('#recovery-codes');
    expect(await page.locator('#recovery-codes li').count()).toBe(10);
    await page.goto(`${server.app.origin}/account/second-factor`);
    expect(await page.textContent('main')).toContain('Ma clé');
  });

  it('signs in', async () => {
    await context.clearCookies();
    await page.goto(`${server.app.origin}/account/second-factor/codes`);
    await signIn(page);
    await page.click('form[data-webauthn=get] button');
    await page.waitForURL('**/account/second-factor/codes');
    expect(complaints).toEqual([]);
  });

  it('says so when no key answers', async () => {
    const other = await browser.open();
    await other.page.goto(`${server.app.origin}/account/second-factor/codes`);
    await signIn(other.page);
    // No authenticator in this browser, and nobody to wait for one.
    await other.page.evaluate("navigator.credentials.get = () => Promise.reject(new Error('none'))");
    await other.page.click('form[data-webauthn=get] button');
    await other.page.waitForSelector('form[data-webauthn=get] [role=alert]:not([hidden])');
    await other.context.close();
  });
});
