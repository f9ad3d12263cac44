import { expect, test } from 'vitest';
import { StorageError } from '../errors/storage-error.ts';
import { asOperation } from './as-operation.ts';

const failing = (error: unknown) => asOperation('copy', () => Promise.reject(error));

test('tells the error of a step as the operation that it is a step of', async () => {
  const cause = new Error('socket');
  const error = new StorageError('unavailable', 'no answer.', {
    ...{ provider: 's3', operation: 'stat', key: 'a', hint: 'Try again.', cause },
    ...{ status: 503, requestId: 'r-1', retryAfterMs: 5, outcome: 'not-applied' },
  });
  await expect(failing(error)).rejects.toMatchObject({
    ...{ code: 'unavailable', provider: 's3', operation: 'copy', key: 'a', hint: 'Try again.' },
    ...{ cause, status: 503, requestId: 'r-1', retryAfterMs: 5, outcome: 'not-applied' },
    message: 's3 copy "a": no answer. Try again.',
  });
  const place = new StorageError('unavailable', 'down.', { operation: 'open' });
  await expect(failing(place)).rejects.toThrow(/^copy: down\.$/);
});

test('tells of the key that the operation is about', async () => {
  const error = new StorageError('not-found', 'none.', { operation: 'stat', key: 'a' });
  const running = asOperation('copy', () => Promise.reject(error), 'b');
  await expect(running).rejects.toMatchObject({ operation: 'copy', key: 'b' });
});

test('leaves other errors as they are', async () => {
  const same = new StorageError('unavailable', 'down.', { operation: 'copy' });
  await expect(failing(same)).rejects.toBe(same);
  const bare = new StorageError('unavailable', 'down.');
  await expect(failing(bare)).rejects.toBe(bare);
  const foreign = new Error('no');
  await expect(failing(foreign)).rejects.toBe(foreign);
  expect(await asOperation('copy', async () => 1)).toBe(1);
});
