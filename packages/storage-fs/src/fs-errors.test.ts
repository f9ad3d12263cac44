import { isStorageError, StorageError, toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import {
  checkAborted,
  linkRefused,
  notFound,
  specialRefused,
  toFsError,
  withOutcome,
} from './fs-errors.ts';
import { fileSystemProvider } from './fs-provider.ts';

test.each([
  ['ENOENT', 'not-found', false],
  ['EACCES', 'permission-denied', false],
  ['EPERM', 'permission-denied', false],
  ['EROFS', 'permission-denied', false],
  ['ELOOP', 'permission-denied', false],
  ['ENOSPC', 'quota-exceeded', false],
  ['EDQUOT', 'quota-exceeded', false],
  ['EFBIG', 'too-large', false],
  ['EMFILE', 'unavailable', true],
  ['ENFILE', 'unavailable', true],
  ['ENAMETOOLONG', 'invalid-key', false],
  ['EISDIR', 'conflict', false],
  ['ENOTDIR', 'conflict', false],
  ['ENOTEMPTY', 'conflict', false],
  ['EBUSY', 'conflict', true],
  ['ETXTBSY', 'conflict', true],
  ['EIO', 'unavailable', false],
  ['ESTALE', 'unavailable', true],
  ['ETIMEDOUT', 'timeout', true],
  ['ENODEV', 'unavailable', true],
  ['ENXIO', 'unavailable', true],
  ['ENOSYS', 'unsupported', false],
  ['ENOTSUP', 'unsupported', false],
])('%s becomes %s, with a hint and its cause, retryable: %s', (errno, code, retryable) => {
  const cause = failure(errno);
  const error = toFsError(cause);
  if (!isStorageError(error)) return expect.unreachable(errno);
  expect(error).toMatchObject({ code, retryable, cause });
  expect(error.hint).toMatch(/\w{3,}.*\.$/);
});

test('what is no error of a known call stays as it is', () => {
  for (const other of [failure('EWHATEVER'), new TypeError('a slip'), undefined, 'text', 7]) {
    expect(toFsError(other)).toBe(other);
  }
  const own = new StorageError('conflict', 'ours');
  expect(toFsError(own)).toBe(own);
});

test('an error of a write says whether the object was replaced', () => {
  expect(withOutcome(failure('ENOSPC'), 'not-applied')).toMatchObject({
    ...{ code: 'quota-exceeded', outcome: 'not-applied' },
  });
  expect(withOutcome(failure('EIO'), 'unknown')).toMatchObject({ outcome: 'unknown' });
  expect(withOutcome(new TypeError('a slip'), 'not-applied')).toMatchObject({
    ...{ code: 'unknown', outcome: 'not-applied' },
  });
  expect(withOutcome(linkRefused('a'), 'unknown').outcome).toBe('not-applied');
});

test('a signal ends what it belongs to, by its reason', () => {
  checkAborted(undefined);
  checkAborted(new AbortController().signal);
  expect(() => checkAborted(AbortSignal.abort(new Error('enough')))).toThrow(
    expect.objectContaining({ code: 'aborted' }),
  );
});

test('refusals name the key or the path and what to do', () => {
  expect(notFound('a.txt')).toMatchObject({ code: 'not-found', key: 'a.txt' });
  for (const refused of [linkRefused('a\n"b"'), specialRefused('a\n"b"')]) {
    expect(refused).toMatchObject({ code: 'permission-denied', outcome: 'not-applied' });
    expect(refused.message).toContain(String.raw`"a\n\"b\""`);
    expect(refused.hint).toBeTruthy();
  }
});

test.each([
  ['fsync', 'EIO', 'unavailable'],
  ['write', 'ENOSPC', 'quota-exceeded'],
  ['write', 'EDQUOT', 'quota-exceeded'],
  ['write', 'EFBIG', 'too-large'],
  ['rename', 'EACCES', 'permission-denied'],
  ['rename', 'EROFS', 'permission-denied'],
] as const)(
  'a put whose %s fails with %s is %s and leaves the old object',
  async (call, errno, code) => {
    let isFailing = false;
    const system = systemWith({});
    const real = system.calls[call] as (...values: unknown[]) => Promise<never>;
    const baseDir = await temporaryFolder();
    const provider = fileSystemProvider(
      { baseDir, durability: 'file' },
      systemWith({
        [call]: (...values: unknown[]) =>
          isFailing ? Promise.reject(failure(errno)) : real(...values),
      }),
    );
    for (const options of [{}, { metadata: { version: 1 } }]) {
      isFailing = false;
      await provider.put('a.txt', toBody('before'), options);
      isFailing = true;
      await expect(provider.put('a.txt', toBody('after'), options)).rejects.toMatchObject({
        ...{ code, outcome: 'not-applied' },
      });
      isFailing = false;
      const object = await provider.get('a.txt', {});
      expect(await object.text()).toBe('before');
      expect(object.info.metadata).toEqual(options.metadata);
    }
    expect(
      (await system.calls.readdir(`${baseDir}/.granary/work`)).map(({ name }) => name),
    ).toEqual([]);
    await provider.close?.();
  },
);
