import { CRC32C } from '@google-cloud/storage';
import { expect, test } from 'vitest';
import { crc32c, md5, sha256Hex } from './checksums.ts';

test.each([0, 1, 7, 8, 9, 4099])('are those of others, of %d bytes', (size) => {
  const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31) % 256));
  const theirs = new CRC32C();
  theirs.update(bytes);
  expect(crc32c(bytes)).toBe(theirs.toString());
});

test('are written as the service writes them', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe('4waSgw==');
  expect(md5(new Uint8Array())).toBe('1B2M2Y8AsgTpgAmY7PhCfg==');
  expect(sha256Hex('abc')).toMatch(/^ba7816bf/);
});
