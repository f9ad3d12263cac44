import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EntryServer, openEntryServer } from './entry-server.ts';

let folder = '';
let server: EntryServer;
const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-entries-'));
  server = await openEntryServer();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function entry(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('openEntryServer', () => {
  test('serves a page with its script', async () => {
    const path = await server.pathOf(await entry('a.ts', 'export const a: number = 1;'), 'page');
    const page = await get(path);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain(`import('${path}.js')`);
    const script = await get(`${path}.js`);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await script.text()).toContain('granaryCall');
  });

  test('serves what starts a worker beside the worker', async () => {
    const file = await entry('w.ts', 'export const a: number = 1;');
    const path = await server.pathOf(file, 'service-worker');
    expect(await (await get(path)).text()).toContain(`import('${path}-caller.js')`);
    expect(await (await get(`${path}-caller.js`)).text()).toContain(`${path}.js`);
  });

  test('serves modules that are named by their place beside another, once each', async () => {
    await entry('worker.mjs', "postMessage('here');");
    await entry('broken.cts', 'const = ;');
    const url = (name: string) => `new URL('./${name}', import.meta.url)`;
    const file = await entry(
      'b.js',
      `export const urls = [${url('worker.mjs')}, ${url('worker.mjs')}, ${url('broken.cts')}];`,
    );
    const path = await server.pathOf(file, 'page');
    const script = await (await get(`${path}.js`)).text();
    const [first, second, broken] = [...script.matchAll(/\/modules\/\d+\.js/g)].map(String);
    expect(second).toBe(first);
    expect(await (await get(String(first))).text()).toContain('here');
    expect(await (await get(String(first))).text()).toContain('here');
    const answer = await get(String(broken));
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('broken.cts');
  });

  test('serves nothing else', async () => {
    expect((await get('/favicon.ico')).status).toBe(404);
  });

  test('refuses a module that cannot be bundled', async () => {
    await expect(server.pathOf(join(folder, 'none.ts'), 'page')).rejects.toThrow('none.ts');
  });
});
