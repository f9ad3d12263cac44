import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256, sha256Hasher } from './sha256.ts';

const bytes = randomBytes(100_000);
const known = `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

test('hashes all bytes at once', async () => {
  expect(await sha256(bytes)).toBe(known);
  expect(await sha256(new Uint8Array())).toBe(
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  );
});

test('hashes piece by piece', async () => {
  const hasher = await sha256Hasher();
  hasher.update(bytes.subarray(0, 7));
  hasher.update(bytes.subarray(7));
  expect(hasher.digest()).toBe(known);
});
