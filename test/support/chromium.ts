/** A real browser, Chromium from the registry, and a small web application in it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

/** Called at the top of a test file. */
export function withChromium(): { open(): Promise<{ context: BrowserContext; page: Page }> } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    const executablePath = await sparticuz.executablePath();
    // Not the package's own arguments: those switch the same-origin policy off, which is what is tested here.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'], headless: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  return {
    async open() {
      if (!browser) throw new Error('The browser is not up yet.');
      const context = await browser.newContext({ locale: 'en' });
      context.setDefaultTimeout(15_000);
      return { context, page: await context.newPage() };
    },
  };
}

/** Serves these texts by path (`/index.html`) at an origin of their own; scripts end in `.js`. */
export function withWebApp(files: () => Readonly<Record<string, string>>): { readonly origin: string } {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://app').pathname;
    const text = files()[path];
    const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': `${type}; charset=utf-8` }).end(text);
  });
  let origin = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    get origin() {
      return origin;
    },
  };
}
