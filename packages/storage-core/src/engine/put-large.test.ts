import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { type MapSettings, mapProvider } from '../../test/map-provider.ts';
import { sha256 } from '../attributes/sha256.ts';
import { toBody } from '../bodies/to-body.ts';
import type { UploadSession } from '../contract/upload.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createStorage } from './create-storage.ts';
import { planParts } from './part-plan.ts';
import { partReader } from './part-reader.ts';

/** Lets everything else go on first. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251);
const LIMIT = { maxPutBytes: 10 };
const SMALL = { maxBytes: 8, minBytes: 4 };

function setup(settings: MapSettings = {}) {
  const provider = mapProvider({
    part: SMALL,
    ...settings,
    capabilities: { ...LIMIT, ...settings.capabilities },
  });
  const stored = (key = 'a') => provider.entries.get(key)?.bytes;
  const parts = () => provider.calls.filter((call) => call.startsWith('part'));
  return { provider, storage: createStorage(provider), stored, parts };
}

async function* inChunks(bytes: Uint8Array, size: number) {
  // One buffer for all chunks, as some sources have it.
  const buffer = new Uint8Array(size);
  for (let start = 0; start < bytes.byteLength; start += size) {
    const chunk = bytes.subarray(start, start + size);
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.byteLength);
  }
}

describe('a body larger than one put', () => {
  test('goes up in parts with its attributes', async () => {
    const { storage, provider, stored, parts } = setup();
    const info = await storage.put('a', bytesOf(50), { tags: ['x'], contentType: 'image/png' });
    expect(info).toMatchObject({ size: 50, tags: ['x'], contentType: 'image/png' });
    expect(stored()).toEqual(bytesOf(50));
    expect(parts()).toHaveLength(7);
    expect(provider.calls).not.toContain('put a');
    expect(provider.sessions.size).toBe(0);
  });

  test('goes up in one request when it is in memory and fits what may be then', async () => {
    const { storage, provider, stored, parts } = setup({
      capabilities: { maxBufferedPutBytes: 50 },
    });
    await storage.put('a', bytesOf(50), { tags: ['x'] });
    expect(provider.calls).toContain('put a');
    expect(stored()).toEqual(bytesOf(50));
    const inParts = async (work: Promise<unknown>) => {
      const before = parts().length;
      await work;
      return parts().length - before;
    };
    expect(await inParts(storage.put('a', bytesOf(40)))).toBe(0);
    expect(await inParts(storage.put('a', bytesOf(51)))).toBe(7);
    // Of a stream, no more than a part is held; and who asks for parts gets them.
    expect(await inParts(storage.put('a', inChunks(bytesOf(50), 9), { size: 50 }))).toBe(7);
    expect(await inParts(storage.put('a', inChunks(bytesOf(50), 9)))).toBe(7);
    expect(await inParts(storage.put('a', bytesOf(50), { onProgress: () => {} }))).toBe(7);
    expect(await inParts(storage.put('a', bytesOf(50), { onSession: () => {} }))).toBe(7);
  });

  test('goes up in one request when it fits exactly', async () => {
    const { storage, parts } = setup();
    await storage.put('a', bytesOf(10));
    expect(parts()).toHaveLength(0);
  });

  test('is refused where there are no parts', async () => {
    const { storage } = setup({ capabilities: { upload: false, uploads: false } });
    await expect(storage.put('a', bytesOf(11))).rejects.toMatchObject({ code: 'too-large' });
  });

  test('goes up from streams of any chunks, of known and of unknown length', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 90 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.constantFrom<'any' | 'sequential'>('any', 'sequential'),
        async (length, chunk, isKnown, order) => {
          const { storage, stored } = setup({ part: { ...SMALL, order } });
          const body = inChunks(bytesOf(length), chunk);
          const told: number[] = [];
          const info = await storage.put('a', body, {
            ...(isKnown && { size: length }),
            onProgress: ({ transferredBytes }) => void told.push(transferredBytes),
          });
          expect(info.size).toBe(length);
          expect(stored()).toEqual(bytesOf(length));
          expect(told.at(-1)).toBe(length);
          expect(told).toEqual(told.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of unknown length that turns out small goes up in one request', async () => {
    const { storage, parts } = setup();
    const told: object[] = [];
    await storage.put('a', inChunks(bytesOf(10), 3), { onProgress: (p) => void told.push(p) });
    expect(parts()).toHaveLength(0);
    expect(told.at(-1)).toEqual({ transferredBytes: 10, totalBytes: 10 });
  });

  test('has no more parts in flight than asked for', async () => {
    const slow: MapSettings['before'] = (operation) =>
      operation.startsWith('part') ? turn() : undefined;
    const most = async (settings: MapSettings, concurrency?: number) => {
      const { storage, provider } = setup({ before: slow, ...settings });
      await storage.put('a', bytesOf(160), concurrency === undefined ? {} : { concurrency });
      return provider.mostPartsAtOnce;
    };
    expect(await most({})).toBe(4);
    expect(await most({}, 2)).toBe(2);
    expect(await most({ part: { ...SMALL, order: 'sequential' } }, 5)).toBe(1);
  });

  test('holds no more of a stream than its parts in flight and the next', async () => {
    let read = 0;
    let written = 0;
    let most = 0;
    const { storage } = setup({
      before: async (operation) => {
        if (!operation.startsWith('part')) return;
        await turn();
        written += 8;
      },
    });
    async function* source() {
      for (let index = 0; index < 40; index += 1) {
        read += 8;
        most = Math.max(most, read - written);
        yield new Uint8Array(8);
      }
    }
    await storage.put('a', source(), { size: 320, concurrency: 3 });
    // Parts in flight, the part being filled, and the chunk that was asked for.
    expect(most).toBeLessThanOrEqual(8 * (3 + 1) + 8);
  });

  test('honors conditions where sessions take them', async () => {
    const { storage } = setup();
    const { etag } = await storage.put('a', bytesOf(20), { ifNoneMatch: '*' });
    const failed = { code: 'precondition-failed' };
    await expect(storage.put('a', bytesOf(20), { ifNoneMatch: '*' })).rejects.toMatchObject(failed);
    await expect(storage.put('a', bytesOf(20), { ifMatch: 'other' })).rejects.toMatchObject(failed);
    await storage.put('a', bytesOf(30), { ifMatch: etag });
    expect((await storage.stat('a')).size).toBe(30);
  });

  test('replaces an expired item with a create', async () => {
    const { storage, stored } = setup();
    await storage.put('a', 'x', { expiresAt: new Date(0) });
    await storage.put('a', bytesOf(20), { ifNoneMatch: '*' });
    expect(stored()).toEqual(bytesOf(20));
  });

  test.each([
    ['ifMatch', { ifMatch: 'e1' }, { uploadConditions: false }],
    ['ifNoneMatch', { ifNoneMatch: '*' as const }, { uploadConditions: false }],
    ['a checksum', { checksum: true }, { uploadChecksum: false }],
  ])('refuses %s that a session could not honor', async (_title, options, capabilities) => {
    const { storage, provider } = setup({ capabilities });
    await expect(storage.put('a', bytesOf(20), options)).rejects.toMatchObject({
      code: 'unsupported',
      key: 'a',
      message: expect.stringContaining('20 bytes, which go up in parts'),
    });
    await expect(storage.put('a', inChunks(bytesOf(20), 5), options)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('unknown length'),
    });
    expect(provider.sessions.size).toBe(0);
    expect(provider.entries.size).toBe(0);
  });

  test.each([
    ['encryption', { encrypt: true }],
    ['compression', { compress: true }],
  ])('has a layer below told of %s, or is refused', async (_title, options) => {
    const { storage, provider } = setup();
    await expect(storage.put('a', bytesOf(20), options)).rejects.toMatchObject({
      code: 'unsupported',
      key: 'a',
    });
    expect(provider.calls).not.toContain('upload a');
    const layered = setup({ capabilities: { encrypt: true, compress: true } });
    const upload = vi.spyOn(layered.provider, 'upload');
    await layered.storage.put('a', bytesOf(20), options);
    expect(upload.mock.calls[0]?.[1]).toMatchObject(options);
  });

  test.each(['any', 'sequential'] as const)(
    'keeps the checksum of what was read (%s)',
    async (order) => {
      const { storage } = setup({ part: { ...SMALL, order } });
      const checksums = { sha256: await sha256(bytesOf(50)) };
      const upload = { checksum: true, metadata: { n: 1 } };
      expect(await storage.put('a', bytesOf(50), upload)).toMatchObject({ checksums });
      expect(await storage.put('a', inChunks(bytesOf(50), 7), upload)).toMatchObject({ checksums });
      expect(await storage.stat('a')).toMatchObject({ checksums, metadata: { n: 1 } });
    },
  );

  test('stores nothing when the service holds other bytes than were read', async () => {
    const { storage, provider } = setup({
      before: (operation) => {
        if (operation !== 'complete') return;
        for (const parts of provider.sessions.values()) parts.set(8, new Uint8Array(8));
      },
    });
    const onSession = () => {};
    await expect(
      storage.put('a', bytesOf(50), { checksum: true, onSession }),
    ).rejects.toMatchObject({ code: 'corrupted', key: 'a', outcome: 'not-applied' });
    expect(provider.entries.size).toBe(0);
    expect(provider.sessions.size).toBe(0);
  });

  test('of unknown length is refused by a session that must know it, which is then ended', async () => {
    const { storage, provider, stored } = setup({ part: { ...SMALL, needsTotal: true } });
    await expect(storage.put('a', inChunks(bytesOf(20), 5))).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('{ size }'),
    });
    expect(provider.sessions.size).toBe(0);
    await storage.put('a', inChunks(bytesOf(20), 5), { size: 20 });
    expect(stored()).toEqual(bytesOf(20));
  });

  test('that is not as long as it was said to be stores nothing', async () => {
    const { storage, provider } = setup();
    for (const size of [19, 21]) {
      const put = storage.put('a', inChunks(bytesOf(20), 5), { size });
      await expect(put).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    expect(provider.entries.size).toBe(0);
    expect(provider.sessions.size).toBe(0);
  });
});

describe('a failing upload', () => {
  test('stops the other parts, lets go of the source and ends the session', async () => {
    const { storage, provider, parts } = setup({
      before: (operation) => {
        if (operation === 'part 16') throw new StorageError('quota-exceeded', 'full.');
      },
    });
    let isReleased = false;
    async function* source() {
      try {
        for (let index = 0; index < 100; index += 1) yield new Uint8Array(8);
      } finally {
        isReleased = true;
      }
    }
    const told: number[] = [];
    const put = storage.put('a', source(), {
      size: 800,
      onProgress: ({ transferredBytes }) => void told.push(transferredBytes),
    });
    await expect(put).rejects.toMatchObject({ code: 'quota-exceeded', key: 'a' });
    const count = told.length;
    expect(isReleased).toBe(true);
    expect(parts().length).toBeLessThan(12);
    expect(provider.sessions.size).toBe(0);
    await turn();
    expect(told).toHaveLength(count);
    expect(told.at(-1) ?? 0).toBeLessThan(800);
  });

  test('surfaces what the source failed with', async () => {
    const { storage, provider } = setup();
    const reason = new Error('disk');
    async function* source() {
      yield bytesOf(30);
      throw reason;
    }
    await expect(storage.put('a', source())).rejects.toMatchObject({ cause: reason });
    expect(provider.sessions.size).toBe(0);
    expect(provider.entries.size).toBe(0);
  });

  test('ends with its signal, also while the source gives nothing', async () => {
    const { storage, provider } = setup();
    const controller = new AbortController();
    let isReleased = false;
    const source = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(bytesOf(30)),
      cancel: () => {
        isReleased = true;
      },
    });
    const put = storage.put('a', source, { signal: controller.signal });
    await vi.waitFor(() => expect(provider.calls).toContain('part 16 a'));
    controller.abort(new Error('enough'));
    await expect(put).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    expect(isReleased).toBe(true);
    expect(provider.sessions.size).toBe(0);
  });

  test('throws a session away that came after the abort', async () => {
    const controller = new AbortController();
    let open: (value: unknown) => void = () => {};
    const { storage, provider } = setup({
      before: (operation) =>
        operation === 'upload' ? new Promise((resolve) => (open = resolve)) : undefined,
    });
    const put = storage.put('a', bytesOf(30), { signal: controller.signal });
    await vi.waitFor(() => expect(provider.calls).toContain('upload a'));
    controller.abort();
    await expect(put).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
    open(undefined);
    await vi.waitFor(() => expect(provider.calls).toContain('abort a'));
    expect(provider.sessions.size).toBe(0);
  });

  test('leaves no listener on the signal', async () => {
    const { storage } = setup();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    await storage.put('a', bytesOf(50), { signal });
    expect(add.mock.calls.length).toBeGreaterThan(0);
    expect(remove.mock.calls.length).toBeGreaterThanOrEqual(add.mock.calls.length);
  });

  test('surfaces an onSession that throws, and ends the session', async () => {
    const { storage, provider } = setup({ part: SMALL });
    const onSession = () => {
      throw new Error('no room for tokens');
    };
    await expect(storage.put('a', bytesOf(50), { onSession })).rejects.toMatchObject({
      message: expect.stringContaining('no room for tokens'),
    });
    expect(provider.entries.size).toBe(0);
  });
});

describe('a session that the service loses', () => {
  const gone = () =>
    new StorageError('conflict', 'the session is gone.', { retryable: false, restart: true });

  /** Loses so many sessions at an operation. */
  function losing(at: string, times = 1, settings: MapSettings = {}) {
    let left = times;
    return setup({
      ...settings,
      before: (operation) => {
        if (operation !== at || left === 0) return;
        left -= 1;
        throw gone();
      },
    });
  }
  const begun = (calls: readonly string[]) => calls.filter((call) => call === 'upload a').length;

  test.each(['part 16', 'complete'])('is begun again after %s', async (at) => {
    const { storage, provider, stored } = losing(at);
    const told: number[] = [];
    const sessions: UploadSession[] = [];
    const info = await storage.put('a', new Blob([bytesOf(50)]), {
      tags: ['x'],
      checksum: true,
      onProgress: ({ transferredBytes }) => void told.push(transferredBytes),
      onSession: (session) => void sessions.push(session),
    });
    expect(info).toMatchObject({ size: 50, tags: ['x'] });
    expect(info.checksums?.['sha256']).toBe(await sha256(bytesOf(50)));
    expect(stored()).toEqual(bytesOf(50));
    expect(begun(provider.calls)).toBe(2);
    expect(sessions).toHaveLength(2);
    expect(told).toEqual([...new Set(told)].toSorted((a, b) => a - b));
    expect(provider.sessions.size).toBe(0);
  });

  test('is begun again twice at most', async () => {
    const { storage, provider } = losing('part 8', 9);
    await expect(storage.put('a', bytesOf(50))).rejects.toMatchObject({
      code: 'conflict',
      restart: true,
    });
    expect(begun(provider.calls)).toBe(3);
    expect(provider.sessions.size).toBe(0);
  });

  test('is not begun again for a body that cannot be read again', async () => {
    const { storage, provider } = losing('part 8');
    const put = storage.put('a', inChunks(bytesOf(50), 7), { size: 50 });
    await expect(put).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(begun(provider.calls)).toBe(1);
    expect(provider.entries.size).toBe(0);
  });

  test('is not begun again when another process began it, with what only that knows', async () => {
    const { storage, provider } = losing('part 8');
    const session = await storage.upload('a', { attributes: { tags: ['x'] } });
    const put = storage.put('a', bytesOf(50), { resume: session.token });
    await expect(put).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(begun(provider.calls)).toBe(2);
    expect(provider.sessions.size).toBe(0);
  });

  test('is not begun again under a condition that it may have changed the outcome of', async () => {
    const unsure = () => gone().with({ outcome: 'unknown' });
    for (const [error, sessions] of [
      [gone(), 2],
      [unsure(), 1],
    ] as const) {
      let left = 1;
      const { storage, provider } = setup({
        before: (operation) => {
          if (operation !== 'complete' || left === 0) return;
          left -= 1;
          throw error;
        },
      });
      await storage.put('a', bytesOf(50), { ifNoneMatch: '*' }).catch(() => {});
      expect(begun(provider.calls)).toBe(sessions);
    }
  });
});

describe('an upload that goes on', () => {
  async function interrupted(settings: MapSettings = {}) {
    const state = { broken: true };
    const all = setup({
      ...settings,
      before: (operation) => {
        if (state.broken && operation === 'part 24') throw new StorageError('unavailable', 'down.');
      },
    });
    let session: UploadSession | undefined;
    const onSession = (handed: UploadSession) => {
      session = handed;
    };
    const put = all.storage.put('a', bytesOf(50), { onSession, concurrency: 1, tags: ['x'] });
    await expect(put).rejects.toMatchObject({ code: 'unavailable' });
    state.broken = false;
    all.provider.calls.length = 0;
    return { ...all, token: session?.token ?? '' };
  }

  test('sends only what the service lacks', async () => {
    const { storage, token, parts, stored } = await interrupted();
    const told: number[] = [];
    const info = await storage.put('a', inChunks(bytesOf(50), 7), {
      resume: token,
      size: 50,
      onProgress: ({ transferredBytes }) => void told.push(transferredBytes),
    });
    expect(info).toMatchObject({ size: 50, tags: ['x'] });
    expect(stored()).toEqual(bytesOf(50));
    expect(parts()).toEqual(['part 24 a', 'part 32 a', 'part 40 a', 'part 48 a']);
    expect(told[0]).toBe(8);
    expect(told.at(-1)).toBe(50);
  });

  test('goes on in order where the session wants it', async () => {
    const { storage, token, parts, stored } = await interrupted({
      part: { ...SMALL, order: 'sequential' },
    });
    await storage.put('a', bytesOf(50), { resume: token });
    expect(stored()).toEqual(bytesOf(50));
    expect(parts()).toEqual(['part 24 a', 'part 32 a', 'part 40 a', 'part 48 a']);
  });

  test('works without knowing the size', async () => {
    const { storage, token, stored } = await interrupted();
    await storage.put('a', inChunks(bytesOf(50), 7), { resume: token });
    expect(stored()).toEqual(bytesOf(50));
  });

  test.each(['any', 'sequential'] as const)(
    'refuses content that is shorter than what is held (%s), and keeps the session',
    async (order) => {
      const { storage, provider, token } = await interrupted({ part: { ...SMALL, order } });
      const refused = { code: 'invalid-argument', hint: expect.stringContaining('resume') };
      await expect(storage.put('a', bytesOf(20), { resume: token })).rejects.toMatchObject(refused);
      await expect(
        storage.put('a', inChunks(bytesOf(20), 6), { resume: token }),
      ).rejects.toMatchObject(refused);
      expect(provider.sessions.size).toBe(1);
    },
  );

  test('refuses a token that nobody gave out', async () => {
    const { storage } = setup();
    await expect(storage.put('a', bytesOf(50), { resume: 'nope' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('is not possible after a failure that it could not mend', async () => {
    const { storage, provider } = setup();
    await storage.put('a', 'x');
    const onSession = () => {};
    await expect(
      storage.put('a', bytesOf(50), { onSession, ifMatch: 'other' }),
    ).rejects.toMatchObject({ code: 'precondition-failed' });
    expect(provider.sessions.size).toBe(0);
  });

  test('is possible after an abort', async () => {
    const controller = new AbortController();
    const { storage, provider, stored } = setup({
      before: (operation) => {
        if (operation === 'part 16') controller.abort();
      },
    });
    const onSession = vi.fn<(session: UploadSession) => void>();
    await expect(
      storage.put('a', bytesOf(50), { onSession, signal: controller.signal }),
    ).rejects.toMatchObject({ code: 'aborted' });
    expect(provider.sessions.size).toBe(1);
    const resume = onSession.mock.calls[0]?.[0].token ?? '';
    await storage.put('a', bytesOf(50), { resume });
    expect(stored()).toEqual(bytesOf(50));
  });
});

describe('planParts', () => {
  const MIB = 1024 * 1024;
  const rules = {
    minBytes: 5 * MIB,
    maxBytes: 5 * 1024 * MIB,
    multipleOf: 1,
    maxParts: 10_000,
    order: 'any',
    needsTotal: false,
  } as const;

  test('uses parts of 8 MiB, larger ones where there would be too many', () => {
    expect(planParts(rules, 100 * MIB).size(0)).toBe(8 * MIB);
    const size = planParts(rules, 5 * 1024 * 1024 * MIB).size(0);
    expect(size * 10_000).toBeGreaterThanOrEqual(5 * 1024 * 1024 * MIB);
  });

  test('keeps the rules of any session, and covers any length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 24 }),
        fc.integer({ min: 0, max: 2 ** 16 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        (extra, minBytes, multipleOf, maxParts, total) => {
          const maxBytes = minBytes + extra + multipleOf;
          const session = { ...rules, minBytes, maxBytes, multipleOf, maxParts };
          fc.pre(Math.floor(maxBytes / multipleOf) * multipleOf * maxParts >= total);
          const size = planParts(session, total).size(0);
          expect(size % multipleOf).toBe(0);
          expect(size).toBeGreaterThanOrEqual(minBytes);
          expect(size).toBeLessThanOrEqual(maxBytes);
          expect(size * maxParts).toBeGreaterThanOrEqual(total);
        },
      ),
    );
  });

  test('grows the parts of an upload of unknown length', () => {
    const plan = planParts(rules, undefined);
    expect(plan.size(0)).toBe(8 * MIB);
    expect(plan.size(1249)).toBe(8 * MIB);
    expect(plan.size(1250)).toBe(16 * MIB);
    expect(plan.size(9999)).toBe(1024 * MIB);
    expect(() => plan.size(10_000)).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(planParts({ ...rules, maxBytes: 10 * MIB }, undefined).size(9999)).toBe(10 * MIB);
  });

  test('refuses what no parts can hold', () => {
    const tiny = { ...rules, minBytes: 1, maxBytes: 10, maxParts: 3 };
    expect(() => planParts(tiny, 31)).toThrow(expect.objectContaining({ code: 'too-large' }));
  });
});

describe('the last part of all', () => {
  test('may be the last that is allowed, and one more is too large', async () => {
    const part = { ...SMALL, maxParts: 3 };
    const { storage, provider, stored } = setup({ part });
    await storage.put('a', inChunks(bytesOf(24), 5));
    expect(stored()).toEqual(bytesOf(24));
    await expect(storage.put('a', inChunks(bytesOf(25), 5))).rejects.toMatchObject({
      code: 'too-large',
    });
    expect(stored()).toEqual(bytesOf(24));
    expect(provider.sessions.size).toBe(0);
  });
});

describe('partReader', () => {
  test('gives pieces of the sizes asked for, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        async (sizes, chunk, isBuffered) => {
          const bytes = bytesOf(100);
          const reader = partReader(toBody(isBuffered ? bytes : inChunks(bytes, chunk)));
          let offset = 0;
          for (const size of sizes) {
            const first = await reader.take(size);
            reader.putBack(first);
            const piece = await reader.take(size);
            expect(piece).toEqual(bytes.subarray(offset, offset + size));
            offset += piece.byteLength;
          }
        },
      ),
    );
  });

  test('gives nothing after its end, and nothing after it was let go of', async () => {
    const memory = partReader(toBody('abc'));
    expect(await memory.take(9)).toHaveLength(3);
    expect(await memory.take(9)).toHaveLength(0);
    const next = partReader(toBody('abc'));
    await next.cancel(undefined);
    expect(await next.take(9)).toHaveLength(0);
    const stream = partReader(toBody(inChunks(bytesOf(10), 2)));
    await stream.cancel(undefined);
    await expect(stream.take(1)).rejects.toMatchObject({ code: 'aborted' });
  });
});
