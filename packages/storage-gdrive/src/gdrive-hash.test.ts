import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { toChecksum, verified } from './gdrive-hash.ts';

/** FIPS 180-4, SHA-256 of "abc"; RFC 1321, MD5 of "abc". */
const SHA256_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const MD5_ABC = '900150983cd24fb0d6963f7d28e17f72';

const stream = (...parts: string[]) => new Blob(parts).stream() as ReadableStream<Uint8Array>;

test('writes hashes as the contract has them', () => {
  const expected = createHash('sha256').update('abc').digest('base64');
  expect(toChecksum('sha256', SHA256_ABC)).toBe(`sha256-${expected}`);
  expect(toChecksum('md5', MD5_ABC.toUpperCase())).toBe('md5-kAFQmDzST7DWlj99KOF/cg==');
  for (const none of [undefined, '', 'xyz', 'abc']) expect(toChecksum('md5', none)).toBeUndefined();
});

test('passes content on, and fails at its end when the hash is another one', async () => {
  const read = (source: ReadableStream<Uint8Array>) => new Response(source).text();
  expect(await read(verified(stream('a', 'bc'), { sha256Checksum: SHA256_ABC }))).toBe('abc');
  expect(await read(verified(stream('abd'), {}))).toBe('abd');
  await expect(read(verified(stream('abd'), { sha256Checksum: SHA256_ABC }))).rejects.toMatchObject(
    { code: 'corrupted' },
  );
});

test('lets go of the content when it is cancelled', async () => {
  let cancelled: unknown;
  const source = new ReadableStream<Uint8Array>({
    cancel(reason) {
      cancelled = reason;
    },
  });
  await verified(source, { sha256Checksum: SHA256_ABC }).cancel('enough');
  expect(cancelled).toBe('enough');
});
