import type { ObjectInfo, StorageEngine } from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { compareCloser, type KnownObject } from './compare-closer.ts';
import type { Known } from './compare-objects.ts';

interface Side {
  readonly content?: string;
  /** What a listing tells; the size is always told. */
  readonly listed?: Known;
  /** What the store tells when it is asked. */
  readonly told?: Known;
}

const MD5_OF_ONE = 'md5-+XxdKZQb+xsv2rCHSQargg==';

/** Two objects of three bytes, and the calls that were made to find out about them. */
async function compared(left: Side, right: Side, byContent = false) {
  const calls: string[] = [];
  const sides: KnownObject[] = [];
  for (const [name, { content = 'one', listed = {}, told = {} }] of [
    ['left', left],
    ['right', right],
  ] as const) {
    const memory = createMemory();
    await memory.put(name, content);
    const store: StorageEngine = {
      ...memory,
      stat: async (key) => {
        calls.push(`stat ${key}`);
        return { key, size: 3, modifiedAt: new Date(0), etag: 'x', ...told } as ObjectInfo;
      },
      get: async (key, options) => {
        calls.push(`get ${key}`);
        return memory.get(key, options);
      },
    };
    sides.push({ store, key: name, known: { size: 3, ...listed } });
  }
  const [one, other] = sides;
  if (one === undefined || other === undefined) throw new Error('There are two.');
  const { signal } = new AbortController();
  const result = await compareCloser(one, other, { signal, byContent, onBytes: () => {} });
  return { result, calls: calls.sort() };
}

describe('compareCloser', () => {
  test('asks nobody where listings tell', async () => {
    const { result, calls } = await compared({}, { listed: { size: 4 } });
    expect({ result, calls }).toEqual({ result: { verdict: 'different', by: 'size' }, calls: [] });
  });

  test('asks both where neither listing has a checksum', async () => {
    const told = { checksums: { crc32c: 'crc32c-a' } };
    const { result, calls } = await compared({ told }, { told });
    expect(result).toEqual({ verdict: 'same', by: 'checksum' });
    expect(calls).toEqual(['stat left', 'stat right']);
  });

  test('asks only the store whose listing has none', async () => {
    const checksums = { crc32c: 'crc32c-a' };
    const { result, calls } = await compared(
      { listed: { checksums } },
      { told: { checksums: { crc32c: 'crc32c-b' } } },
    );
    expect(result).toEqual({ verdict: 'different', by: 'checksum' });
    expect(calls).toEqual(['stat right']);
  });

  test('does not ask the second where the first has nothing to compare', async () => {
    const { result, calls } = await compared({}, { told: { checksums: { md5: MD5_OF_ONE } } });
    expect(result).toEqual({ verdict: 'unknown' });
    expect(calls).toEqual(['stat left']);
  });

  test('reads only the side that has no checksum', async () => {
    const md5 = { checksums: { md5: MD5_OF_ONE } };
    const first = await compared({}, { told: md5 }, true);
    expect(first.result).toEqual({ verdict: 'same', by: 'content' });
    expect(first.calls).toEqual(['get left', 'stat left', 'stat right']);
    const second = await compared({ listed: md5 }, { content: 'two' }, true);
    expect(second.result).toEqual({ verdict: 'different', by: 'content' });
    expect(second.calls).toEqual(['get right', 'stat right']);
  });

  test('reads both where no checksum can be computed', async () => {
    const told = { checksums: { crc64nvme: 'crc64nvme-a' } };
    const { result, calls } = await compared({ told }, {}, true);
    expect(result).toEqual({ verdict: 'same', by: 'content' });
    expect(calls).toEqual(['get left', 'get right', 'stat left', 'stat right']);
  });
});
