import { toBody, type UploadSession } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import { drop, keysOf, newFolder, providerWith, putText, textOf } from './folders.ts';

async function opened() {
  const folder = await newFolder();
  return { folder, root: folder.name, provider: providerWith({ root: folder.name }) };
}

describe('a move of an object onto itself', () => {
  test('keeps the object, and changes what is said of it', async () => {
    const { provider } = await opened();
    const etag = await putText(provider, 'a', 'text', { tags: ['old'] });
    const kept = await provider.move?.('a', 'a', { sourceIfMatch: etag });
    expect(kept).toMatchObject({ etag, tags: ['old'] });
    const changed = await provider.move?.('a', 'a', { attributes: { tags: ['new'] } });
    expect(changed).toMatchObject({ tags: ['new'] });
    expect(await textOf(provider, 'a')).toBe('text');
    await provider.close?.();
  });

  test('heeds its conditions', async () => {
    const { provider } = await opened();
    await putText(provider, 'a', 'text');
    for (const condition of [{ sourceIfMatch: 'another' }, { ifNoneMatch: '*' as const }]) {
      await expect(provider.move?.('a', 'a', condition)).rejects.toMatchObject({
        code: 'precondition-failed',
      });
    }
    expect(await textOf(provider, 'a')).toBe('text');
    await provider.close?.();
  });
});

test('a copy of an object that is replaced meanwhile is of one of both', async () => {
  const { provider } = await opened();
  await putText(provider, 'a', 'x'.repeat(100_000), { tags: ['x'] });
  const real = Blob.prototype.arrayBuffer;
  const read = vi.spyOn(Blob.prototype, 'arrayBuffer');
  read.mockImplementationOnce(async function (this: Blob) {
    await putText(provider, 'a', 'y'.repeat(100_000), { tags: ['y'] });
    return real.call(this);
  });
  await provider.copy?.('a', 'b', {});
  read.mockRestore();
  const copied = await provider.get('b', {});
  expect(copied.info.tags).toEqual(['y']);
  expect(new Set(await copied.text())).toEqual(new Set('y'));
  await provider.close?.();
});

test('many folders are walked, and their objects are found', async () => {
  const { provider, folder } = await opened();
  const keys = Array.from({ length: 520 }, (_, place) => `${place}`.padStart(4, '0'));
  await Promise.all(keys.map((name) => folder.getDirectoryHandle(name, { create: true })));
  await drop(folder, '0519/x', 'text');
  for (const name of keys) await provider.stat(`${name}/x`, {}).catch(() => {});
  expect(await textOf(provider, '0519/x')).toBe('text');
  expect(await keysOf(provider)).toEqual(['0519/x']);
  await provider.close?.();
});

describe('an upload', () => {
  const begun = async () => {
    const { provider, folder, root } = await opened();
    const session = await provider.upload?.('a', { totalBytes: 4, checksum: 'sha256' });
    if (session === undefined) expect.unreachable();
    return { provider, folder, root, session };
  };
  const sessionFile = ({ token }: UploadSession, folder: FileSystemDirectoryHandle) =>
    folder
      .getDirectoryHandle('.granary')
      .then((hidden) => hidden.getDirectoryHandle('uploads'))
      .then(async (uploads) => {
        for await (const id of uploads.keys()) return `.granary/uploads/${id}/session.json`;
        return expect.unreachable(`no session of ${token}`);
      });

  test('takes no bytes beyond the size it was begun for', async () => {
    const { provider, session } = await begun();
    const tooMany = session.write(2, new Uint8Array(3));
    await expect(tooMany).rejects.toMatchObject({ code: 'invalid-argument' });
    const other = provider.upload?.('a', { token: session.token, totalBytes: 5 });
    await expect(other).rejects.toMatchObject({ code: 'invalid-argument' });
    const same = await provider.upload?.('a', { token: session.token, totalBytes: 4 });
    await same?.write(0, new Uint8Array(4));
    expect(await session.complete()).toMatchObject({ size: 4 });
    await provider.close?.();
  });

  test.each([
    '{',
    '{"granary":99,"id":"x","key":"a"}',
    '{"granary":1,"id":"x","key":"b"}',
    '{"granary":1,"id":7,"key":"a"}',
  ])('is over when its file says %s', async (text) => {
    const { provider, folder, session } = await begun();
    await drop(folder, await sessionFile(session, folder), text);
    const again = provider.upload?.('a', { token: session.token });
    await expect(again).rejects.toMatchObject({ code: 'conflict', restart: true });
    await provider.close?.();
  });

  test('of another provider goes on with what it says', async () => {
    const { provider, folder, session } = await begun();
    const text = '{"granary":1,"id":"x","key":"a","attributes":{"expiresAt":"2099-01-01"}}';
    await drop(folder, await sessionFile(session, folder), text);
    const pending: string[] = [];
    for await (const { key } of provider.uploads?.({ prefix: 'a' }) ?? []) pending.push(key);
    for await (const { key } of provider.uploads?.({ prefix: 'b' }) ?? []) pending.push(key);
    expect(pending).toEqual(['a']);
    await provider.close?.();
  });

  test('that holds other things is swept with them after a week, and an empty one is not', async () => {
    const { provider, folder, root, session } = await begun();
    const path = await sessionFile(session, folder);
    await drop(folder, path.replace('session.json', 'inner/file'), 'x');
    const hidden = await folder.getDirectoryHandle('.granary');
    const uploads = await hidden.getDirectoryHandle('uploads');
    const week = 8 * 24 * 3_600_000;
    const later = providerWith({ root }, { now: () => Date.now() + week });
    await uploads.getDirectoryHandle('only-begun', { create: true });
    expect(await keysOf(later)).toEqual([]);
    const left: string[] = [];
    for await (const name of uploads.keys()) left.push(name);
    expect(left).toEqual(['only-begun']);
    await provider.close?.();
    await later.close?.();
  });
});

test('a put that was given up before cancels its body and stores nothing', async () => {
  const { provider } = await opened();
  const given = new AbortController();
  given.abort(new Error('enough'));
  const cancel = vi.fn();
  const body = toBody(new ReadableStream<Uint8Array>({ cancel }));
  await expect(provider.put('a', body, { signal: given.signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  expect(cancel).toHaveBeenCalledOnce();
  expect(await keysOf(provider)).toEqual([]);
  await provider.close?.();
});
