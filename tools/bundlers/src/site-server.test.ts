import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SiteServer, serveSite } from './site-server.ts';

let folder = '';
let site: SiteServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-site-'));
  await writeFile(join(folder, 'index.html'), '<title>Page</title>');
  await writeFile(join(folder, 'page.js'), 'export {};');
  await writeFile(join(folder, 'page.bin'), 'bytes');
  site = await serveSite(folder);
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe('serveSite', () => {
  test.each([
    ['/', 'text/html; charset=utf-8', '<title>Page</title>'],
    ['/page.js?v=1', 'text/javascript; charset=utf-8', 'export {};'],
    ['/page.bin', 'application/octet-stream', 'bytes'],
  ])('gives %s as %s', async (path, type, text) => {
    const response = await fetch(`${site.origin}${path}`);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(text);
  });

  test('has nothing else', async () => {
    expect((await fetch(`${site.origin}/none.js`)).status).toBe(404);
  });
});
