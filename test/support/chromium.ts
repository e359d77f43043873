/** A real browser, Chromium from the registry, and a small web application in it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sparticuz from '@sparticuz/chromium';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';

/** Whether the package has a browser for this machine; elsewhere what needs one is left out by name. */
export const hasChromium = process.platform === 'linux' && process.arch === 'x64';

/** Unpacked afresh, because what lies where the package puts it may be another user's, or half of it. */
async function unpack(folder: string): Promise<string> {
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = folder;
  try {
    return await sparticuz.executablePath();
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
}

/** Called at the top of a test file. */
export function withChromium(): { open(): Promise<{ context: BrowserContext; page: Page }> } {
  let browser: Browser | undefined;
  let folder: string | undefined;
  beforeAll(async () => {
    if (!hasChromium) return;
    folder = await mkdtemp(join(tmpdir(), 'livedoc-chromium-'));
    const executablePath = await unpack(folder);
    // Not the package's own arguments: those switch the same-origin policy off, which is what is tested here.
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'], headless: true });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    if (folder) await rm(folder, { recursive: true });
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
