import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, findBrowser, startBrowser, whyNoBrowser } from '@granary-tools/browser';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBuiltPage } from '../src/built-page.ts';
import { BUNDLERS } from '../src/bundlers.ts';
import { makeProject, packPackages } from '../src/install.ts';
import { MARKS, PAGE_CASES, type Part, writePage } from '../src/page-cases.ts';
import { serveSite } from '../src/site-server.ts';

const PARTS = Object.keys(MARKS) as readonly Part[];
const FRAME = new URL('./pages/frame.ts', import.meta.url);
const MINUTES = 60_000;

let scratch = '';
let browser: Browser | undefined;
const sizes: string[] = [];

/** The same packages are installed once. */
const projectOf = (packages: readonly string[]) =>
  join(scratch, packages.map((name) => name.replace(/^.*[/]/, '')).join('+'));

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'granary-bundlers-'));
  const all = new Set(PAGE_CASES.flatMap(({ packages }) => packages));
  const tarballs = await packPackages([...all], scratch);
  const projects = new Map(PAGE_CASES.map(({ packages }) => [projectOf(packages), packages]));
  for (const [folder, packages] of projects) {
    await makeProject(
      folder,
      packages.map((name) => String(tarballs.get(name))),
    );
  }
  if (findBrowser('chromium') !== undefined) browser = await startBrowser({ entry: FRAME });
}, 5 * MINUTES);

afterAll(async () => {
  console.log(`Minified and gzipped:\n${sizes.join('\n')}`);
  await browser?.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** Opens a page and returns what it says. */
async function visit(url: string): Promise<unknown> {
  const tab = await browser?.open();
  const said = await tab?.call('visit', url);
  await tab?.close();
  return said;
}

describe.each(PAGE_CASES)('a page with $name', { timeout: 3 * MINUTES }, (page) => {
  test.each(page.bundlers)('is built by %s with nothing else, and works', async (name) => {
    const project = projectOf(page.packages);
    await writePage(project, page);
    const output = join(scratch, `${name}-${PAGE_CASES.indexOf(page)}`);
    expect(await BUNDLERS[name]({ project, output })).toEqual([]);

    const { text, gzipBytes } = await readBuiltPage(output);
    sizes.push(`${page.name}, ${name}: ${(gzipBytes / 1000).toFixed(1)} kB`);
    expect(text).not.toMatch(/["']node:/);
    expect(PARTS.filter((part) => MARKS[part].test(text))).toEqual(page.parts);

    if (browser === undefined) return;
    await using site = await serveSite(output);
    expect(await visit(`${site.origin}/`)).toEqual({ text: 'hello' });
  });
});

test.skipIf(findBrowser('chromium') !== undefined)('opens no page', ({ skip }) =>
  skip(whyNoBrowser('chromium')),
);

test.skipIf(findBrowser('chromium') === undefined)(
  'works from the development server of vite',
  { timeout: 2 * MINUTES },
  async () => {
    const page = PAGE_CASES.find(
      ({ name }) => name === 'createStorage of @granary/storage/browser',
    );
    if (page === undefined) throw new Error('There is no such page.');
    const root = projectOf(page.packages);
    await writePage(root, page);
    const server = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      server: { host: '127.0.0.1', port: 0, hmr: false, ws: false },
    });
    try {
      await server.listen();
      const url = server.resolvedUrls?.local[0] ?? '';
      expect(await visit(url)).toEqual({ text: 'hello' });
    } finally {
      await server.close();
    }
  },
);
