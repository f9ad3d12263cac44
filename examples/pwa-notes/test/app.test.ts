import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findBrowser, whyNoBrowser } from '@granary-tools/browser';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

/** The page as it is built, clicked through in a real Chromium. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
let folder: string;
let server: Server;
let address: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let problems: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-pwa-notes-'));
  // As "pnpm build" does it: the page registers its service worker in production alone.
  vi.stubEnv('NODE_ENV', 'production');
  await build({ root: ROOT, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } });
  vi.unstubAllEnvs();
  server = createServer((request, response) => {
    const { pathname } = new URL(String(request.url), 'http://localhost');
    const path = pathname === '/' ? '/index.html' : pathname;
    readFile(join(folder, path)).then(
      (content) => {
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const executablePath = findBrowser('chromium');
  if (executablePath === undefined) throw new Error(whyNoBrowser('chromium'));
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath, args });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  problems = [];
  context = await newContext();
  page = await openTab();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

/** A browser of somebody else, in which nothing goes away because the machine is slow. */
async function newContext(): Promise<BrowserContext> {
  const made = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  // Tests end by their own time limit alone.
  made.setDefaultTimeout(0);
  await made.addInitScript(() => {
    const set = window.setTimeout.bind(window);
    // What waits for seconds waits for somebody who reads: the notices.
    const patient = (call: () => void, ms = 0) => set(call, ms < 4000 ? ms : ms * 100);
    Object.assign(window, { setTimeout: patient });
  });
  return made;
}

async function openTab(path = ''): Promise<Page> {
  const tab = await context.newPage();
  tab.on('pageerror', ({ message }) => problems.push(message));
  tab.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await tab.goto(address + path);
  await listed(tab);
  return tab;
}

/** Waits until the notes of a tab are listed. */
async function listed(tab: Page): Promise<void> {
  await tab
    .locator('.list-status')
    .filter({ hasText: /\d notes?$/ })
    .waitFor();
}

async function write(tab: Page, title: string, text: string): Promise<void> {
  await tab.getByRole('button', { name: 'New note' }).click();
  await tab.getByLabel('Title', { exact: true }).fill(title);
  await tab.getByLabel('Text', { exact: true }).fill(text);
}

const saved = (tab: Page) => tab.locator('.note-status').filter({ hasText: 'Saved' }).waitFor();
const row = (tab: Page, title: string | RegExp) => tab.getByRole('option', { name: title });

/** Fills the list with the samples of the page. */
async function addSamples(): Promise<void> {
  await page.getByRole('button', { name: 'Storage' }).click();
  await page.getByRole('button', { name: 'Add 10,000 samples' }).click();
  await page.getByText(/^10,000 notes saved in/).waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
}

/** Makes the page's storage answer as on a full device, until the returned function is called. Chromium's own limit is tried by the tests of storage-idb. */
async function fillDevice(): Promise<() => Promise<void>> {
  const restore = await page.evaluateHandle(() => {
    const { put, add } = IDBObjectStore.prototype;
    const full = () => {
      throw new DOMException('The device is full.', 'QuotaExceededError');
    };
    Object.assign(IDBObjectStore.prototype, { put: full, add: full });
    return () => Object.assign(IDBObjectStore.prototype, { put, add });
  });
  return () => restore.evaluate((undo) => void undo());
}

describe('notes', () => {
  test('are kept in a storage that lasts, and the page says which', async () => {
    await page.getByRole('button', { name: 'Storage' }).click();
    const facts = page.locator('.facts');
    await facts.getByText('after the page is closed').waitFor();
    expect(await facts.textContent()).toMatch(/Storage\s*idb/);
    expect(await facts.textContent()).toContain('IndexedDB');
    expect(await facts.textContent()).toMatch(/Room in this browser\s*[\d.]+ \wB of [\d.]+ GB/);
    expect(await page.locator('.banner').count()).toBe(0);
  });

  test('are written, tagged, found, and there again after a reload', async () => {
    await write(page, 'Bread', 'Rye and honey');
    await page.getByLabel('Add a tag').fill('baking');
    await page.keyboard.press('Enter');
    await saved(page);
    await write(page, 'Soup', 'Leek');
    await saved(page);
    await page.reload();
    await listed(page);
    await expect.poll(() => page.getByRole('option').count()).toBe(2);
    await page.getByRole('searchbox').fill('HONEY');
    await expect.poll(() => page.getByRole('option').count()).toBe(1);
    await page.getByRole('searchbox').fill('#baking');
    await expect.poll(() => page.getByRole('option').count()).toBe(1);
    await row(page, /Bread/).click();
    await page.getByLabel('Text', { exact: true }).fill('Rye, honey and salt');
    await saved(page);
    await page.reload();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye, honey and salt');
  });

  test('lose no keystroke when the page is closed in the middle of a word', async () => {
    await write(page, 'Bread', 'Rye');
    await saved(page);
    await page.getByLabel('Text', { exact: true }).pressSequentially(' and hon');
    await page.close();
    page = await openTab();
    await row(page, /Bread/).click();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye and hon');
  });

  test('take files of any size, which are there after a reload as they were', async () => {
    const large = Buffer.alloc(12_000_000, 'granary ');
    await write(page, 'With files', '');
    await page.locator('.attachments input').setInputFiles([
      {
        name: 'icon.png',
        mimeType: 'image/png',
        buffer: await readFile(join(ROOT, 'public/icon-192.png')),
      },
      { name: 'large.bin', mimeType: 'application/octet-stream', buffer: large },
    ]);
    await page.getByText('2 files attached.').waitFor();
    await page.reload();
    await page.getByRole('img', { name: 'icon.png' }).waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download large.bin' }).click();
    const content = await readFile(await (await download).path());
    expect(content.equals(large)).toBe(true);
    await expect.poll(() => page.locator('.row-files').textContent()).toBe('2');
  });

  test('are shared through the system, with their files', async () => {
    await context.addInitScript(() => {
      const shared: unknown[] = [];
      const share = async ({ title, text, files = [] }: ShareData) => {
        shared.push({ title, text, files: files.map(({ name }) => name) });
      };
      Object.defineProperties(navigator, {
        share: { value: share },
        canShare: { value: () => true },
      });
      Object.assign(window, { shared });
    });
    await page.reload();
    await listed(page);
    await write(page, 'Bread', 'Rye and honey');
    await page
      .locator('.attachments input')
      .setInputFiles({ name: 'loaf.txt', mimeType: 'text/plain', buffer: Buffer.from('round') });
    await page.getByText('1 file attached.').waitFor();
    await page.getByRole('button', { name: 'Share' }).click();
    await expect
      .poll(() => page.evaluate(() => (window as { shared?: unknown }).shared))
      .toEqual([{ title: 'Bread', text: 'Bread\n\nRye and honey', files: ['loaf.txt'] }]);
  });

  test('are deleted, brought back, and deleted for good', async () => {
    await write(page, 'Bread', 'Rye');
    await saved(page);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(() => page.getByRole('option').count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await row(page, /Bread/).waitFor();
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('Rye');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.reload();
    await listed(page);
    expect(await page.locator('.list-status').textContent()).toBe('0 notes');
  });

  test('that one tab writes are shown by another at once', async () => {
    const other = await openTab();
    await write(page, 'Bread', 'Rye');
    await saved(page);
    await row(other, /Bread/).click();
    await page.getByLabel('Text', { exact: true }).fill('Rye and honey');
    await expect
      .poll(() => other.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye and honey');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await other.getByText('This note was deleted in another tab.').waitFor();
    expect(await other.getByRole('option').count()).toBe(0);
  });

  test('that cannot be saved stay in the editor, marked, and are saved when there is room', async () => {
    const makeRoom = await fillDevice();
    await write(page, 'Bread', 'Rye and honey');
    await page.locator('.note-status').filter({ hasText: 'Not saved' }).waitFor();
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toContain('There is no room left in this browser');
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('Rye and honey');
    await makeRoom();
    await alert.getByRole('button', { name: 'Save again' }).click();
    await saved(page);
    await page.reload();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye and honey');
  });

  test('are deleted from a full storage, and brought back with what was not saved', async () => {
    await write(page, 'Bread', 'Rye');
    await saved(page);
    const makeRoom = await fillDevice();
    await page.getByLabel('Text', { exact: true }).fill('Rye and honey');
    await page.locator('.note-status').filter({ hasText: 'Not saved' }).waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('The note was deleted.').waitFor();
    expect(await page.getByRole('option').count()).toBe(0);
    await makeRoom();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye and honey');
    await saved(page);
    await page.reload();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye and honey');
  });

  test('are exported, and imported into another browser', async () => {
    await write(page, 'Bread', 'Rye "and" honey\n');
    await saved(page);
    await page.getByRole('button', { name: 'Storage' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const buffer = await readFile(await (await download).path());
    await context.close();
    context = await newContext();
    page = await openTab();
    await page.getByRole('button', { name: 'Storage' }).click();
    await page
      .locator('dialog input')
      .setInputFiles({ name: 'notes.json', mimeType: 'application/json', buffer });
    await page.getByText('1 note added').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await row(page, /Bread/).click();
    await expect
      .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
      .toBe('Rye "and" honey\n');
  });
});

describe('10,000 notes', () => {
  test('scroll with little work for each frame, draw few rows, and are searched', async () => {
    await addSamples();
    await page.reload();
    await page.getByText('10,000 notes', { exact: true }).waitFor();
    const measured = await page.evaluate(async () => {
      const rows = document.querySelector('.rows');
      if (rows === null) throw new Error('There is no list.');
      // Work is counted, not timed: a busy machine is slow, and changes no more than another one.
      let changes = 0;
      const observer = new MutationObserver((records) => {
        for (const { addedNodes, removedNodes } of records) {
          changes += addedNodes.length + removedNodes.length;
        }
      });
      observer.observe(rows, { childList: true, subtree: true });
      const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      let [most, mostRows, empty] = [0, 0, 0];
      for (let step = 0; step < 120; step += 1) {
        changes = 0;
        // Slow reading first, then flings through thousands of rows.
        rows.scrollTop += step < 60 ? 60 : 12_000;
        await nextFrame();
        await nextFrame();
        most = Math.max(most, changes);
        mostRows = Math.max(mostRows, rows.querySelectorAll('.row').length);
        const box = rows.getBoundingClientRect();
        const middle = document.elementFromPoint(box.x + 40, box.y + box.height / 2);
        if (middle?.closest('.row') === null) empty += 1;
      }
      observer.disconnect();
      return { most, mostRows, empty, end: rows.scrollTop };
    });
    expect(measured.end).toBeGreaterThan(500_000);
    expect(measured.mostRows).toBeLessThan(60);
    expect(measured.most).toBeGreaterThan(0);
    expect(measured.most).toBeLessThan(600);
    expect(measured.empty).toBe(0);
    await page.getByRole('searchbox').fill('#garden salt warmer');
    await page.getByText('Nothing found').waitFor();
    await page.getByRole('searchbox').fill('no. 4711');
    await expect.poll(() => page.getByRole('option').count()).toBe(1);
  });
});

describe('offline', () => {
  /** The page, with its service worker in charge. */
  const installed = () =>
    page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');

  test('the page opens, and notes are written', async () => {
    await installed();
    await context.setOffline(true);
    await page.reload();
    await listed(page);
    await page.getByText('You are offline.').waitFor();
    await write(page, 'Bread', 'Rye');
    await saved(page);
    await page.reload();
    await expect.poll(() => page.getByLabel('Text', { exact: true }).inputValue()).toBe('Rye');
    await context.setOffline(false);
    await page.getByText('You are offline.').waitFor({ state: 'detached' });
  });

  test('the page can be installed', async () => {
    await installed();
    const devtools = await context.newCDPSession(page);
    const manifest = await devtools.send('Page.getAppManifest');
    expect(manifest.errors).toEqual([]);
    expect(JSON.parse(manifest.data ?? '{}')).toMatchObject({
      name: 'Notes',
      display: 'standalone',
    });
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // A context of its own counts as a private window, where nothing can be installed.
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  });

  test('a new version waits, and is used when somebody says so', async () => {
    await installed();
    await write(page, 'Bread', 'Rye');
    const worker = join(folder, 'service-worker.js');
    const before = await readFile(worker, 'utf8');
    try {
      await writeFile(worker, `${before}\n// the next version`);
      await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
      await page.getByText('A new version is ready.').waitFor();
      await page.getByLabel('Text', { exact: true }).pressSequentially(' and hon');
      const reloaded = page.waitForEvent('load');
      await page.getByRole('button', { name: 'Reload' }).click();
      await reloaded;
      await listed(page);
      await expect
        .poll(() => page.getByLabel('Text', { exact: true }).inputValue())
        .toBe('Rye and hon');
    } finally {
      await writeFile(worker, before);
    }
  });
});
