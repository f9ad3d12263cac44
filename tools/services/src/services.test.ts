import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SERVICES } from './services.ts';

vi.mock('./make-bucket.ts', () => ({ makeBucket: () => Promise.reject(new Error('no bucket')) }));
vi.mock('./make-container.ts', () => ({
  makeContainer: () => Promise.reject(new Error('no bucket')),
}));

let temporary = '';

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

test.each(['s3', 'azure'])('%s without a store to try is stopped', async (name) => {
  await expect(SERVICES[name]?.start()).rejects.toThrow('no bucket');
  expect(await readdir(temporary)).toEqual([]);
});
