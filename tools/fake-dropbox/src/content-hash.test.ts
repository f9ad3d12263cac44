import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { contentHash } from './content-hash.ts';

test('hashes as the service documents it', () => {
  // "There is no block for an empty file", so this is the SHA-256 of nothing.
  expect(contentHash(Buffer.alloc(0))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
  const sha = (content: Buffer) => createHash('sha256').update(content).digest();
  const content = Buffer.alloc(4 * 1024 * 1024 + 1, 7);
  const blocks = [content.subarray(0, 4 * 1024 * 1024), content.subarray(4 * 1024 * 1024)];
  expect(contentHash(content)).toBe(sha(Buffer.concat(blocks.map(sha))).toString('hex'));
});
