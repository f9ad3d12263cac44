import { isStorageError, type PutEntry, sha256, toBody } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import { bytesOf, dexieOf, fakeProfile, isSame, MIB, put, rowCounts, text } from '../test/fake.ts';

const LARGE = bytesOf(2 * MIB + 5);

function entries(count: number, content = (at: number) => `content of ${at}`): PutEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    key: `k/${String(at).padStart(4, '0')}`,
    body: toBody(content(at)),
  }));
}

describe('a batch', () => {
  test('lays small content together, and removes it with its last object', async () => {
    const provider = fakeProfile().open();
    const batch = entries(300, (at) => `${at}`.padEnd(100, '.'));
    await provider.putMany?.(batch, {});
    const counts = await rowCounts(provider);
    expect(counts.infos).toBe(300);
    expect(counts.bodies).toBeLessThan(10);
    expect(await text(provider, 'k/0123')).toBe('123'.padEnd(100, '.'));
    const part = await provider.get('k/0123', { range: { offset: 1, length: 3 } });
    expect(await part.text()).toBe('23.');

    const keys = batch.map(({ key }) => key);
    await provider.deleteMany?.(keys.slice(1), {});
    expect(await rowCounts(provider)).toMatchObject({ infos: 1, bodies: 1 });
    expect(await text(provider, 'k/0000')).toBe('0'.padEnd(100, '.'));
    await put(provider, 'k/0000', 'new');
    expect(await rowCounts(provider)).toMatchObject({ infos: 1, bodies: 1 });
    await provider.delete('k/0000', {});
    expect(await rowCounts(provider)).toMatchObject({ infos: 0, bodies: 0 });
  });

  test('hands out nothing of its neighbours', async () => {
    const provider = fakeProfile().open();
    await provider.putMany?.(entries(3), {});
    const bytes = await (await provider.get('k/0001', {})).bytes();
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
    const [first] = (await provider.getMany?.(['k/0002'], {})) ?? [];
    expect(first?.ok && (await first.value.text())).toBe('content of 2');
  });

  test('keeps the last of several writes of one key, and nothing of the others', async () => {
    const provider = fakeProfile().open();
    const same = [LARGE, LARGE, bytesOf(9)].map((bytes) => ({ key: 'a', body: toBody(bytes) }));
    const results = await provider.putMany?.(same, {});
    expect(results?.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect((await provider.stat('a', {})).size).toBe(9);
    expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });
  });

  test('leaves nothing behind when it is atomic and one condition fails', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'b', 'old');
    const batch: PutEntry[] = [
      { key: 'a', body: toBody(LARGE) },
      { key: 'b', body: toBody('new'), options: { ifNoneMatch: '*' } },
    ];
    await expect(provider.putMany?.(batch, { atomic: true })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });

    const [large, small] = (await provider.putMany?.(batch, {})) ?? [];
    expect([large?.ok, small?.ok]).toEqual([true, false]);
    expect(await rowCounts(provider)).toEqual({ infos: 2, bodies: 1, chunks: 3, writes: 0 });
  });

  test('stores what fits when the store is full, unless it is atomic', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'first', 'x');
    dexieOf(provider)
      .table('infos')
      .hook('creating', (place: unknown) => {
        if (place === 'k/0001') throw new DOMException('full', 'QuotaExceededError');
      });
    await expect(provider.putMany?.(entries(3), { atomic: true })).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect(await rowCounts(provider)).toMatchObject({ infos: 1, bodies: 1 });
    const results = await provider.putMany?.(entries(3), {});
    expect(results?.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results?.[1]).toMatchObject({ error: { code: 'quota-exceeded', key: 'k/0001' } });
    expect(await rowCounts(provider)).toMatchObject({ infos: 3, bodies: 3 });
  });

  test('stores nothing when it is aborted while it reads', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'first', 'x');
    const controller = new AbortController();
    const source = new ReadableStream<Uint8Array>({
      pull: () => controller.abort(),
    });
    const batch = [...entries(2), { key: 'stream', body: toBody(source) }];
    const { signal } = controller;
    await expect(provider.putMany?.(batch, { signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(await rowCounts(provider)).toMatchObject({ infos: 1, bodies: 1 });
  });

  test('reads streams, and fails alone what cannot be read', async () => {
    const provider = fakeProfile().open();
    const failing = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('source')),
    });
    const [bad, good] =
      (await provider.putMany?.(
        [
          { key: 'bad', body: toBody(failing) },
          { key: 'good', body: toBody(new Blob(['x']).stream()), options: { checksum: 'sha256' } },
        ],
        {},
      )) ?? [];
    expect(bad?.ok).toBe(false);
    expect(good?.ok && good.value.checksums?.['sha256']).toMatch(/^sha256-/);
  });
});

describe('a copy', () => {
  test('shares large content, which goes with the last that has it', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'a', LARGE);
    const { etag } = await provider.stat('a', {});
    await provider.copy?.('a', 'b', { ifNoneMatch: '*' });
    await provider.copy?.('b', 'c', {});
    await provider.copy?.('a', 'a', {});
    expect(await rowCounts(provider)).toMatchObject({ infos: 3, chunks: 3 });
    expect((await provider.stat('a', {})).etag).not.toBe(etag);
    await provider.move?.('b', 'd', {});
    await put(provider, 'a', 'small');
    await provider.setMetadata?.('d', { tags: ['x'] }, {});
    expect(isSame(await (await provider.get('d', {})).bytes(), LARGE)).toBe(true);
    await provider.delete('d', {});
    expect(isSame(await (await provider.get('c', {})).bytes(), LARGE)).toBe(true);
    await provider.move?.('a', 'c', {});
    expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });
    expect(await text(provider, 'c')).toBe('small');
  });

  test('copies small content, also out of a row of many', async () => {
    const provider = fakeProfile().open();
    await provider.putMany?.(entries(3), {});
    await provider.copy?.('k/0001', 'copy', {});
    await provider.move?.('k/0002', 'moved', { attributes: { tags: ['x'] } });
    await provider.copy?.('k/0001', 'k/0001', { attributes: { tags: ['y'] } });
    expect(await text(provider, 'copy')).toBe('content of 1');
    expect(await text(provider, 'moved')).toBe('content of 2');
    await provider.deleteMany?.(['k/0000', 'k/0001'], {});
    expect(await rowCounts(provider)).toMatchObject({ infos: 2, bodies: 2 });
    expect(await text(provider, 'moved')).toBe('content of 2');
  });

  test('copies what is empty', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'a', '');
    await provider.copy?.('a', 'b', {});
    expect(await text(provider, 'b')).toBe('');
    expect(await rowCounts(provider)).toMatchObject({ infos: 2, bodies: 0 });
  });
});

describe('a page that is not secure', () => {
  test('has checksums all the same', async () => {
    const provider = fakeProfile().open();
    const expected = await sha256(bytesOf(10));
    const { crypto } = globalThis;
    const getRandomValues = crypto.getRandomValues.bind(crypto);
    vi.stubGlobal('crypto', { getRandomValues });
    try {
      const options = { checksum: 'sha256' } as const;
      const small = await provider.put('a', toBody(bytesOf(10)), options);
      const streamed = await provider.put('b', toBody(new Blob([bytesOf(10)]).stream()), options);
      expect(small.checksums).toEqual({ sha256: expected });
      expect(streamed.checksums).toEqual({ sha256: expected });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('content that the database has lost', () => {
  test('is told as corrupted', async () => {
    const provider = fakeProfile().open();
    await put(provider, 'a', 'text');
    await dexieOf(provider).table('bodies').clear();
    await expect(provider.get('a', {})).rejects.toMatchObject({ code: 'corrupted' });
    await expect(provider.copy?.('a', 'b', {})).rejects.toMatchObject({ code: 'corrupted' });
    await provider.delete('a', {});
  });
});

describe('a write whose connection is lost after the commit', () => {
  /** A store that says so of the next transaction that writes objects. */
  function losing() {
    const profile = fakeProfile();
    const provider = profile.open();
    const lose = () => {
      const dexie = dexieOf(provider);
      const transaction = dexie.transaction.bind(dexie);
      // The real one commits; its answer is lost.
      Object.assign(dexie, {
        transaction: async (...args: Parameters<typeof transaction>) => {
          await transaction(...args);
          throw new DOMException('Connection to Indexed Database server lost', 'UnknownError');
        },
      });
    };
    return { ...profile, provider, lose };
  }

  test('is done once, also under conditions', async () => {
    const { provider, lose } = losing();
    const etag = await put(provider, 'a', 'one');
    lose();
    const info = await provider.put('a', toBody('two'), { ifMatch: etag });
    expect(await provider.stat('a', {})).toEqual(info);
    lose();
    const created = await provider.put('b', toBody('x'), { ifNoneMatch: '*' });
    expect((await provider.stat('b', {})).etag).toBe(created.etag);
    lose();
    await provider.copy?.('a', 'c', { ifNoneMatch: '*' });
    lose();
    await provider.move?.('c', 'd', { ifNoneMatch: '*' });
    expect(await text(provider, 'd')).toBe('two');
    lose();
    const changed = await provider.setMetadata?.('a', { tags: ['x'] }, { ifMatch: info.etag });
    expect(await provider.stat('a', {})).toEqual(changed);
    lose();
    const batch = await provider.putMany?.(
      [{ key: 'e', body: toBody('e'), options: { ifNoneMatch: '*' } }],
      { atomic: true },
    );
    expect(batch?.map(({ ok }) => ok)).toEqual([true]);
    lose();
    expect(await provider.delete('e', {})).toEqual({});
    lose();
    expect(await provider.deleteMany?.(['d'], {})).toEqual([{ key: 'd', ok: true, value: {} }]);
  });

  test('has an unknown outcome where nothing can tell', async () => {
    const { provider, lose } = losing();
    const etag = await put(provider, 'a', 'one');
    lose();
    const error = await provider.delete('a', { ifMatch: etag }).catch((reason) => reason);
    expect(isStorageError(error, 'unavailable')).toBe(true);
    expect(error).toMatchObject({ outcome: 'unknown', retryable: false });
  });
});
