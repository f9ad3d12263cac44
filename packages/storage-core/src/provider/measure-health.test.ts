import { expect, test } from 'vitest';
import { StorageError } from '../errors/storage-error.ts';
import { measureHealth } from './measure-health.ts';

test('tells that a store is well, and how long the check took', async () => {
  const health = await measureHealth(async () => 1);
  expect(health).toEqual({ ok: true, latencyMs: expect.any(Number) });
  expect(health.latencyMs).toBeGreaterThanOrEqual(0);
});

test('tells what the check failed with', async () => {
  const error = new StorageError('unauthenticated', 'the key is wrong.');
  expect(await measureHealth(() => Promise.reject(error))).toMatchObject({ ok: false, error });
  expect(await measureHealth(() => Promise.reject(new Error('x')))).toMatchObject({
    error: { code: 'unknown' },
  });
});
