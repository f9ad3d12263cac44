import { createHash } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { NODE_CALLS } from './fs-calls.ts';
import { hashFile, sha256Hasher } from './fs-hash.ts';

const EMPTY = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

function expected(bytes: Uint8Array): string {
  return `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
}

async function openFile(bytes: Uint8Array): Promise<number> {
  const path = join(await temporaryFolder(), 'file');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  onTestFinished(() => closeSync(fd));
  return fd;
}

test('pieces give the hash of the whole', () => {
  const hasher = sha256Hasher();
  hasher.update(Buffer.from('gra'));
  hasher.update(new Uint8Array());
  hasher.update(Buffer.from('nary'));
  expect(hasher.digest()).toBe(expected(Buffer.from('granary')));
  expect(sha256Hasher().digest()).toBe(EMPTY);
});

test.each([0, 1, 524_288, 524_289, 1_300_000])('a file of %i bytes has its hash', async (size) => {
  const bytes = Buffer.alloc(size, 'granary');
  expect(await hashFile(NODE_CALLS, await openFile(bytes), size)).toBe(expected(bytes));
});

test('only the beginning counts that was asked for', async () => {
  const fd = await openFile(Buffer.from('content and proof'));
  expect(await hashFile(NODE_CALLS, fd, 7)).toBe(expected(Buffer.from('content')));
});

test('a file that is shorter than it should be has the hash of what is there', async () => {
  const fd = await openFile(Buffer.from('short'));
  expect(await hashFile(NODE_CALLS, fd, 2_000_000)).toBe(expected(Buffer.from('short')));
});

test('reads that bring less than was asked for are gone on with', async () => {
  const bytes = Buffer.from('read by three bytes at a time');
  const fd = await openFile(bytes);
  const { calls } = systemWith({
    read: (file, buffer, offset, length, position) =>
      NODE_CALLS.read(file, buffer, offset, Math.min(3, length), position),
  });
  expect(await hashFile(calls, fd, bytes.byteLength)).toBe(expected(bytes));
});

test('a read that fails fails the hash', async () => {
  const { calls } = systemWith({ read: () => Promise.reject(failure('EIO')) });
  await expect(hashFile(calls, 0, 10)).rejects.toMatchObject({ code: 'EIO' });
});
