import { sha256, toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { bytesOf, fakeProfile, isSame, MIB, put, rowCounts, streamOf } from '../test/fake.ts';

const LARGE = bytesOf(6 * MIB + 123);

test('stores what is large in pieces, and gives it back whole and in parts', async () => {
  const provider = fakeProfile().open();
  const checksum = { checksum: 'sha256' } as const;
  const info = await provider.put('a', toBody(streamOf(LARGE)), checksum);
  expect(info).toMatchObject({
    size: LARGE.byteLength,
    checksums: { sha256: await sha256(LARGE) },
  });
  expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 0, chunks: 7, writes: 0 });
  expect(isSame(await (await provider.get('a', {})).bytes(), LARGE)).toBe(true);

  for (const [offset, length] of [
    [0, 10],
    [MIB - 5, 10],
    [MIB, MIB],
    [2.5 * MIB, 2 * MIB],
    [LARGE.byteLength - 1, 1],
  ] as const) {
    const part = await provider.get('a', { range: { offset, length } });
    expect(isSame(await part.bytes(), LARGE.slice(offset, offset + length))).toBe(true);
  }
});

test('stores the same from a buffer as from a stream', async () => {
  const provider = fakeProfile().open();
  const info = await provider.put('a', toBody(LARGE), { checksum: 'sha256' });
  expect(info.checksums).toEqual({ sha256: await sha256(LARGE) });
  expect(await rowCounts(provider)).toMatchObject({ chunks: 7, writes: 0 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await provider.get('a', {})).stream()) chunks.push(chunk);
  expect(chunks.length).toBeGreaterThan(5);
  expect(isSame(Buffer.concat(chunks), LARGE)).toBe(true);
});

test('fails a reader with conflict when its object is replaced, and never mixes two writes', async () => {
  const { open } = fakeProfile();
  const [provider, other] = [open(), open()];
  // More than is read ahead.
  const content = bytesOf(12 * MIB);
  await put(provider, 'a', content);
  const reader = (await provider.get('a', {})).stream().getReader();
  expect((await reader.read()).value).toHaveLength(MIB);
  await put(other, 'a', bytesOf(content.byteLength, 7));
  const rest = async () => {
    for (let at = MIB; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      expect(isSame(value, content.slice(at, at + value.byteLength))).toBe(true);
      at += value.byteLength;
    }
  };
  await expect(rest()).rejects.toMatchObject({ code: 'conflict', retryable: true });
  expect(await rowCounts(provider)).toMatchObject({ infos: 1, chunks: 12 });
});

test('leaves nothing behind of a source that fails', async () => {
  const provider = fakeProfile().open();
  await put(provider, 'a', 'old');
  const failure = new Error('source');
  let given = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1;
      if (given > 12) controller.error(failure);
      else controller.enqueue(bytesOf(MIB));
    },
  });
  await expect(put(provider, 'a', source)).rejects.toMatchObject({ cause: failure });
  expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });
});

test('leaves nothing behind of a write that is aborted', async () => {
  const provider = fakeProfile().open();
  const controller = new AbortController();
  const cancelled: unknown[] = [];
  let given = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(out) {
      given += 1;
      if (given === 12) controller.abort(new Error('enough'));
      else if (given < 12) out.enqueue(bytesOf(MIB));
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  const { signal } = controller;
  await expect(provider.put('a', toBody(source), { signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  expect(cancelled).toHaveLength(1);
  await provider.close?.();
});

test('fails a writer whose content was swept away, and keeps the old object', async () => {
  const { open } = fakeProfile();
  const provider = open();
  await put(provider, 'a', 'old');
  let given = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(out) {
        given += 1;
        if (given === 10) {
          const { db } = provider.native as { db: { table(name: string): { clear(): unknown } } };
          await db.table('writes').clear();
        }
        if (given > 20) out.close();
        else out.enqueue(bytesOf(MIB));
      },
    },
    { highWaterMark: 0 },
  );
  await expect(put(provider, 'a', source)).rejects.toMatchObject({
    code: 'conflict',
    retryable: true,
  });
  expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });
});

test('removes the content when the condition fails only at the end', async () => {
  const { open } = fakeProfile();
  const [provider, other] = [open(), open()];
  let given = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      async pull(out) {
        given += 1;
        if (given === 5) await put(other, 'a', 'first');
        if (given > 6) out.close();
        else out.enqueue(bytesOf(MIB));
      },
    },
    { highWaterMark: 0 },
  );
  const late = provider.put('a', toBody(source), { ifNoneMatch: '*' });
  await expect(late).rejects.toMatchObject({ code: 'precondition-failed' });
  expect(await rowCounts(provider)).toEqual({ infos: 1, bodies: 1, chunks: 0, writes: 0 });
});
