import { expect, test } from 'vitest';
import { bundlePage } from './page-bundle.ts';

test('bundles the page and the worker, and each subject by itself', async () => {
  const scripts = await bundlePage(true);
  expect(scripts.has('page.js')).toBe(true);
  expect(scripts.has('sync-handle-worker.js')).toBe(true);
  expect(scripts.get('page.js')?.length).toBeLessThan(40_000);
  const text = new TextDecoder().decode(scripts.get('localforage/localforage.js'));
  expect(text.length).toBeGreaterThan(20_000);
  expect(text).not.toMatch(/from"\.\//);
});
