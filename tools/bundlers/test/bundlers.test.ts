import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, findBrowser, startBrowser, whyNoBrowser } from '@granary-tools/browser';
import { readWorkspace } from '@granary-tools/workspace';
import { makeNpmProject } from '@granary-tools/workspace/npm-project';
import { packAll } from '@granary-tools/workspace/pack';
import { createServer } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readBuiltPage } from '../src/built-page.ts';
import { BUNDLERS, type BundlerName } from '../src/bundlers.ts';
import { MARKS, PACKAGES, PAGE_CASES, type Part, writePage } from '../src/page-cases.ts';
import { serveSite } from '../src/site-server.ts';

const PARTS = Object.keys(MARKS) as readonly Part[];
const BUNDLER_NAMES = Object.keys(BUNDLERS) as readonly BundlerName[];
const FRAME = new URL('./pages/frame.ts', import.meta.url);
const MINUTES = 60_000;

let scratch = '';
/** All pages are built in one project, one after the other. */
let project = '';
let browser: Browser | undefined;
const sizes: string[] = [];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'granary-bundlers-'));
  project = join(scratch, 'project');
  const packages = (await readWorkspace()).filter(({ manifest }) => PACKAGES.has(manifest.name));
  const { exitCode, output } = await makeNpmProject(project, await packAll(packages, scratch));
  if (exitCode !== 0) throw new Error(`npm installed nothing into an empty project: ${output}`);
  if (findBrowser('chromium') !== undefined) browser = await startBrowser({ entry: FRAME });
}, 10 * MINUTES);

afterAll(async () => {
  console.log(`First load, minified and gzipped:\n${sizes.join('\n')}`);
  await browser?.stop();
  await rm(scratch, { recursive: true, force: true });
}, MINUTES);

/** Opens a page and returns what it says. */
async function visit(url: string): Promise<unknown> {
  const tab = await browser?.open();
  const said = await tab?.call('visit', url);
  await tab?.close();
  return said;
}

describe.each(PAGE_CASES)('a page with $name', { timeout: 3 * MINUTES }, (page) => {
  test.each(BUNDLER_NAMES)('is built by %s with nothing else, and works', async (name) => {
    await writePage(project, page);
    const output = join(scratch, `${name}-${PAGE_CASES.indexOf(page)}`);
    expect(await BUNDLERS[name]({ project, output })).toEqual([]);

    const { text, firstLoadBytes } = await readBuiltPage(output);
    sizes.push(`${page.name}, ${name}: ${(firstLoadBytes / 1000).toFixed(1)} kB`);
    expect(text).not.toMatch(/["']node:/);
    expect(PARTS.filter((part) => MARKS[part].test(text))).toEqual(page.parts);

    if (browser === undefined) return;
    await using site = await serveSite(output);
    expect(await visit(`${site.origin}/`)).toEqual({ text: 'hello' });
  });
});

if (findBrowser('chromium') === undefined)
  test('opens no page', ({ skip }) => skip(whyNoBrowser('chromium')));

test.skipIf(findBrowser('chromium') === undefined)(
  'works from the development server of vite',
  { timeout: 2 * MINUTES },
  async () => {
    const page = PAGE_CASES.find(
      ({ name }) => name === 'createStorage of @granary/storage/browser',
    );
    if (page === undefined) throw new Error('There is no such page.');
    await writePage(project, page);
    const server = await createServer({
      root: project,
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
