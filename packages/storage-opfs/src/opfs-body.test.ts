import { describe, expect, test } from 'vitest';
import { fileBody } from './opfs-body.ts';
import type { Companions } from './opfs-companion.ts';
import { openReader } from './opfs-read.ts';
import type { FoundFile, Store } from './opfs-store.ts';

const stamp = { lastModified: 1, size: 4 };

/** A file whose content cannot be read, and which is found again as the one given. */
function unreadable(again: () => Promise<typeof stamp>): FoundFile {
  const lost = () => Promise.reject(new DOMException('', 'NotReadableError'));
  const blob = {
    arrayBuffer: lost,
    stream: () => new ReadableStream({ pull: lost }),
  };
  const found = {
    name: 'a',
    folder: { getFileHandle: async () => ({ getFile: again }) },
    file: { ...stamp, slice: () => blob },
  };
  return found as unknown as FoundFile;
}

const whole = { offset: 0, length: 4 };

describe('content that cannot be read', () => {
  test.each([
    ['though the file is the same', async () => stamp, 'conflict'],
    ['because the file is another one', async () => ({ ...stamp, size: 5 }), 'conflict'],
    [
      'and whose file cannot be looked at',
      () => Promise.reject(new DOMException('', 'NotAllowedError')),
      'permission-denied',
    ],
  ])('fails %s', async (_, again, code) => {
    const body = fileBody(unreadable(again), whole);
    await expect(body.bytes?.()).rejects.toMatchObject({ code });
    await expect(body.chunks?.().next()).rejects.toMatchObject({ code });
  });

  test('fails a read when the file is the same', async () => {
    const found = unreadable(async () => stamp);
    const store = { find: async () => found } as unknown as Store;
    const companions = { describe: async () => undefined } as unknown as Companions;
    const reading = openReader(store, companions).get('a', {});
    await expect(reading).rejects.toMatchObject({ name: 'NotReadableError' });
  });
});

test('an object that is replaced again and again is given up, and may be read again', async () => {
  let size = 4;
  const again = async () => {
    size += 1;
    return { ...stamp, size };
  };
  const found = unreadable(again);
  const store = { find: async () => found } as unknown as Store;
  const busy = { code: 'conflict', hint: 'Try again.' };
  const calm = { describe: async () => undefined } as unknown as Companions;
  await expect(openReader(store, calm).get('a', {})).rejects.toMatchObject(busy);
  const restless = { describe: async () => 'again' } as unknown as Companions;
  await expect(openReader(store, restless).stat('a')).rejects.toMatchObject(busy);
});
