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
/** What a step of scrolling may compute, so that 60 frames a second can be drawn. Units: ms. */
const FRAME_MS = 16;

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
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  problems = [];
  context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  context.setDefaultTimeout(40_000);
  page = await openTab();
});

afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

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
  await page.getByText(/^10,000 notes saved in/).waitFor({ timeout: 90_000 });
  await page.getByRole('button', { name: 'Close' }).click();
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
    // As a full device answers. Chromium's own limit is tried by the tests of storage-idb.
    const restore = await page.evaluateHandle(() => {
      const { put, add } = IDBObjectStore.prototype;
      const full = () => {
        throw new DOMException('The device is full.', 'QuotaExceededError');
      };
      Object.assign(IDBObjectStore.prototype, { put: full, add: full });
      return () => Object.assign(IDBObjectStore.prototype, { put, add });
    });
    await write(page, 'Bread', 'Rye and honey');
    await page.locator('.note-status').filter({ hasText: 'Not saved' }).waitFor();
    const alert = page.getByRole('alert');
    expect(await alert.textContent()).toContain('There is no room left in this browser');
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('Rye and honey');
    await restore.evaluate((undo) => undo());
    await alert.getByRole('button', { name: 'Save again' }).click();
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
    context = await browser.newContext();
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
  test('scroll with little work for each frame, draw few rows, and are searched', {
    timeout: 300_000,
  }, async () => {
    await addSamples();
    await page.reload();
    await page.getByText('10,000 notes', { exact: true }).waitFor();
    // Counts what the page itself computes: on a busy machine a task takes long because it waits.
    const devtools = await context.newCDPSession(page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const taskMs = async () => {
      const { metrics } = await devtools.send('Performance.getMetrics');
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    };
    const before = await taskMs();
    const measured = await page.evaluate(async () => {
      const rows = document.querySelector('.rows');
      if (rows === null) throw new Error('There is no list.');
      const tasks: number[] = [];
      const observer = new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration);
      });
      observer.observe({ entryTypes: ['longtask'] });
      const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
      let [last, most, drawn, empty] = [await nextFrame(), 0, 0, 0];
      const frames: number[] = [];
      for (let step = 0; step < 240; step += 1) {
        // Slow reading first, then flings through thousands of rows.
        rows.scrollTop += step < 120 ? 60 : 6000;
        const now = await nextFrame();
        frames.push(now - last);
        last = now;
        drawn = rows.querySelectorAll('.row').length;
        most = Math.max(most, drawn);
        const box = rows.getBoundingClientRect();
        await nextFrame();
        last = performance.now();
        const middle = document.elementFromPoint(box.x + 40, box.y + box.height / 2);
        if (middle?.closest('.row') === null) empty += 1;
      }
      observer.disconnect();
      frames.sort((a, b) => a - b);
      return {
        tasks,
        most,
        empty,
        p95: frames[Math.floor(frames.length * 0.95)] ?? 0,
        end: rows.scrollTop,
      };
    });
    console.log(
      `scrolling: p95 of frames ${measured.p95.toFixed(1)} ms, long tasks: ${measured.tasks.join(', ')}`,
    );
    const stepMs = ((await taskMs()) - before) / 240;
    console.log(`computing: ${stepMs.toFixed(1)} ms a step`);
    expect(stepMs).toBeGreaterThan(0);
    expect(stepMs).toBeLessThan(FRAME_MS);
    expect(measured.end).toBeGreaterThan(500_000);
    expect(measured.most).toBeLessThan(60);
    expect(measured.empty).toBe(0);
    await page.getByRole('searchbox').fill('#garden salt warmer');
    await page.getByText('Nothing found').waitFor();
    await page.getByRole('searchbox').fill('no. 4711');
    await expect.poll(() => page.getByRole('option').count(), { timeout: 20_000 }).toBe(1);
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
