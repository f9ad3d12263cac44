import { describe, expect, test } from 'vitest';
import { inFreshProcess } from './fresh-process.ts';

describe('inFreshProcess', () => {
  test('returns what the module reports, in production mode', async () => {
    const module = `console.log('noise'); report({ mode: process.env.NODE_ENV, gc: typeof gc });`;
    expect(await inFreshProcess(module)).toEqual({ mode: 'production', gc: 'function' });
  });

  test('says which error ended it', async () => {
    await expect(inFreshProcess(`throw new TypeError('no such entry')`)).rejects.toThrow(
      'TypeError: no such entry',
    );
  });

  test('fails when the process ends without a word', async () => {
    await expect(inFreshProcess('process.exit(3)')).rejects.toThrow('Command failed');
  });
});
