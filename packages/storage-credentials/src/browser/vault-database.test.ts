import { expect, test } from 'vitest';
import { openVaultDatabase, toDatabaseError } from './vault-database.ts';

test.each([
  ['QuotaExceededError', 'quota-exceeded'],
  ['VersionError', 'invalid-data'],
  ['InvalidStateError', 'unavailable'],
  ['UnknownError', 'unavailable'],
  [undefined, 'unavailable'],
])('%s is %s', (name, code) => {
  const error = name === undefined ? undefined : new DOMException('native text', name);
  expect(toDatabaseError(error)).toMatchObject({ code });
  expect(toDatabaseError(error).message).not.toContain('native text');
});

test('a database that cannot be opened, and a transaction that cannot be kept, are told', async () => {
  const refuse = (name: string) => ({ error: new DOMException('no', name) });
  const opening = (request: object) =>
    ({
      open: () => {
        queueMicrotask(() => (request as { onerror?: () => void }).onerror?.());
        return request;
      },
    }) as unknown as IDBFactory;
  await expect(openVaultDatabase('x', opening(refuse('QuotaExceededError')))).rejects.toMatchObject(
    { code: 'quota-exceeded' },
  );

  const full = {
    transaction() {
      const transaction: { onabort?: () => void; error: DOMException; objectStore: () => object } =
        {
          error: new DOMException('no', 'QuotaExceededError'),
          objectStore: () => ({ put: () => ({ error: null }) }),
        };
      queueMicrotask(() => transaction.onabort?.());
      return transaction;
    },
  };
  const request: { result: object; onsuccess?: () => void } = { result: full };
  const factory = {
    open: () => {
      queueMicrotask(() => request.onsuccess?.());
      return request;
    },
  } as unknown as IDBFactory;
  const database = await openVaultDatabase('x', factory);
  await expect(
    database.put('credentials', { service: 'a', sealed: { iv: '', data: '' } }),
  ).rejects.toMatchObject({ code: 'quota-exceeded' });
});
