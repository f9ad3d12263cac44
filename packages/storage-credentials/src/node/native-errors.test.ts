import { expect, test } from 'vitest';
import { toFileError } from './native-errors.ts';

test.each([
  ['EACCES', 'permission-denied'],
  ['EROFS', 'permission-denied'],
  ['ENOSPC', 'quota-exceeded'],
  ['ENOTDIR', 'invalid-config'],
  ['EIO', 'unknown'],
  ['', 'unknown'],
])('%s is %s', (code, expected) => {
  const error = toFileError(Object.assign(new Error('native text'), { code }), '/some/file');
  expect(error).toMatchObject({ code: expected, outcome: 'not-applied' });
  expect(error.message).toContain('/some/file');
  expect(error.message).not.toContain('native text');
});
