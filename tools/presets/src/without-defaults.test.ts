import { expect, test } from 'vitest';
import { type FileCoverages, withoutDefaults } from './without-defaults.ts';

test('a default value is no branch, and other branches stay', async () => {
  const data = {
    branchMap: { 0: { type: 'if' }, 1: { type: 'default-arg' }, 2: { type: 'binary-expr' } },
    b: { 0: [3, 0], 1: [0], 2: [1, 1] },
  };
  const coverage: FileCoverages = { files: () => ['a.ts'], fileCoverageFor: () => ({ data }) };
  await withoutDefaults().onCoverage?.(coverage);
  expect(data).toEqual({
    branchMap: { 0: { type: 'if' }, 2: { type: 'binary-expr' } },
    b: { 0: [3, 0], 2: [1, 1] },
  });
});
