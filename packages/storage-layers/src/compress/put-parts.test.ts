import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { compressed, without } from '../../test/compressed.ts';
import { chunksOf, codeOf, errorOf, expectBytes, noise, text } from '../../test/content.ts';
import { withCompress } from '../compress.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('a store that takes so much at once', () => {
  const small = { maxPutBytes: 100_000, partBytes: 64 * KIB };

  test('gets larger content in parts, compressed or not', async () => {
    const { provider, inner, bytes, mock } = compressed({ always: true }, small);
    expect(provider.capabilities.maxPutBytes).toBeUndefined();
    for (const content of [text(4 * MIB), noise(MIB + 500_000), text(150_000)]) {
      for (const body of [
        toBody(content),
        toBody(chunksOf(content, 90_000)),
        toBody(new Blob([content])),
      ]) {
        const info = await provider.put('a', body, { metadata: { n: 1 } });
        expect(info).toMatchObject({ size: content.length, metadata: { n: 1 } });
        expectBytes(await bytes('a'), content);
      }
    }
    expect(mock.calls('upload.complete').length).toBeGreaterThan(3);
    const left: unknown[] = [];
    for await (const pending of inner.uploads?.({}) ?? []) left.push(pending);
    expect(left).toEqual([]);
  });

  test('leaves nothing behind when a part fails, the source fails or the caller gives up', async () => {
    const { provider, inner, mock } = compressed({ always: true }, small);
    await provider.put('a', toBody('old'), {});
    const content = noise(2 * MIB);
    mock.fail('upload.write', { after: 3, with: 'permission-denied' });
    expect(await codeOf(provider.put('a', toBody(content), {}))).toBe('permission-denied');
    mock.fail('upload.complete', { with: 'permission-denied' });
    expect(await codeOf(provider.put('a', toBody(content), {}))).toBe('permission-denied');
    async function* broken() {
      yield* chunksOf(content, 100_000);
      throw new Error('the disk is gone');
    }
    expect(await errorOf(provider.put('a', toBody(broken()), {}))).toMatchObject({
      cause: expect.objectContaining({ message: 'the disk is gone' }),
    });
    const controller = new AbortController();
    async function* stalled() {
      yield* chunksOf(content, 100_000);
      controller.abort();
      await new Promise(() => {});
    }
    const { signal } = controller;
    expect(await codeOf(provider.put('a', toBody(stalled()), { signal }))).toBe('aborted');
    expect(await (await provider.get('a', {})).text()).toBe('old');
    const left: unknown[] = [];
    for await (const pending of inner.uploads?.({}) ?? []) left.push(pending);
    expect(left).toEqual([]);
  });

  test('keeps conditions, and refuses those that parts cannot keep', async () => {
    const { provider, inner } = compressed({ always: true }, small);
    const content = noise(MIB);
    const { etag } = await provider.put('a', toBody(content), { ifNoneMatch: '*' });
    const create = provider.put('a', toBody(content), { ifNoneMatch: '*' });
    expect(await codeOf(create)).toBe('precondition-failed');
    expect(await codeOf(provider.put('a', toBody(content), { ifMatch: etag }))).toBe('ok');
    const plain = withCompress(without(inner, ['uploadConditions']));
    for (const options of [{ ifMatch: etag }, { ifNoneMatch: '*' }] as const) {
      expect(await codeOf(plain.put('a', toBody(content), options))).toBe('unsupported');
    }
  });

  test('passes on what goes with a write', async () => {
    const { inner, provider } = compressed({ always: true }, small);
    const options = {
      objectTags: { t: 'v' },
      writeId: 'w-1',
      signal: new AbortController().signal,
    };
    const info = await provider.put('a', toBody(noise(MIB)), options);
    expect(info.writeId).toBe('w-1');
    expect(await provider.objectTags?.get('a', {})).toEqual({ t: 'v' });
    await provider.objectTags?.set('a', { u: 'w' }, {});
    expect(await inner.objectTags?.get('a', {})).toEqual({ u: 'w' });
    expect((await provider.putMany?.([{ key: 'b', body: toBody(text(5000)) }], {}))?.[0]?.ok).toBe(
      true,
    );
  });

  test('gets content that shrinks enough in one request', async () => {
    const { provider, inner, bytes, mock } = compressed({ always: true }, small);
    const zeros = new Uint8Array(3 * MIB);
    for (const body of [toBody(zeros), toBody(chunksOf(zeros, 500_000))]) {
      await provider.put('a', body, {});
      expectBytes(await bytes('a'), zeros);
      expect((await withCompress(inner).stat('a', {})).size).toBe(zeros.length);
    }
    expect(mock.calls('upload')).toHaveLength(0);
    const [one] = (await provider.putMany?.([{ key: 'b', body: toBody(zeros) }], {})) ?? [];
    expect(one).toMatchObject({ ok: true, value: { size: zeros.length } });
  });

  test('gets what is too large for a batch by itself', async () => {
    const { provider, bytes } = compressed({ always: true }, small);
    const large = noise(MIB);
    const put = (...keys: readonly (readonly [string, Uint8Array])[]) =>
      provider.putMany?.(
        keys.map(([key, content]) => ({ key, body: toBody(content) })),
        {
          signal: new AbortController().signal,
        },
      );
    const results = await put(['a', text(5000)], ['b', large], ['c', noise(9)]);
    expect(results?.map(({ key, ok }) => [key, ok])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ]);
    expectBytes(await bytes('b'), large);
    await put(['a', large], ['a', text(5000)], ['b', text(10)]);
    expectBytes(await bytes('a'), text(5000));
    const atomic = provider.putMany?.([{ key: 'a', body: toBody(large) }], { atomic: true });
    expect(await codeOf(atomic)).toBe('too-large');
  });

  test('tells of each that fails in a batch, and ends a batch that is given up', async () => {
    const { provider, mock } = compressed({ always: true }, small);
    const entries = () => ['a', 'b'].map((key) => ({ key, body: toBody(noise(MIB)) }));
    mock.fail('upload', { key: 'a', with: 'permission-denied' });
    expect((await provider.putMany?.(entries(), {}))?.map(({ ok }) => ok)).toEqual([false, true]);
    const controller = new AbortController();
    mock.fail('upload.write', { hang: true, times: 9 });
    const { signal } = controller;
    const pending = codeOf(provider.putMany?.(entries(), { signal }));
    while (mock.calls('upload.write').length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    controller.abort();
    expect(await pending).toBe('aborted');
    mock.reset();
  });

  test('gets parts one after another where that is asked for', async () => {
    const { inner } = compressed({}, small);
    const expiresAt = new Date(8_640_000_000_000);
    const orderly: StorageProvider = {
      ...inner,
      open: async () => ({}),
      async upload(key, options) {
        const session = await inner.upload?.(key, options);
        if (session === undefined) throw new Error('no session');
        const { status, write, complete, abort, token, part } = session;
        const rules = { ...part, order: 'sequential' as const };
        return { key, token, status, write, complete, abort, part: rules, expiresAt };
      },
    };
    const provider = withCompress(orderly, { always: true });
    const content = noise(MIB);
    await provider.put('a', toBody(content), { signal: new AbortController().signal });
    expectBytes(await (await provider.get('a', {})).bytes(), content);
    expect((await provider.upload?.('b', {}))?.expiresAt).toEqual(expiresAt);
  });

  test('refuses what needs a size that nobody knows', async () => {
    const { inner } = compressed({}, small);
    const needy: StorageProvider = {
      ...inner,
      open: async () => ({}),
      async upload(key, options) {
        const session = await inner.upload?.(key, options);
        if (session === undefined) throw new Error('no session');
        const { status, write, complete, abort, token, part } = session;
        return { key, token, status, write, complete, abort, part: { ...part, needsTotal: true } };
      },
    };
    const provider = withCompress(needy, { always: true });
    expect(await codeOf(provider.put('a', toBody(noise(MIB)), {}))).toBe('ok');
    const unknown = toBody(chunksOf(noise(9 * MIB), MIB));
    expect(await codeOf(provider.put('a', unknown, {}))).toBe('unsupported');
  });

  test('declares a little less where there are no sessions', () => {
    const { inner } = compressed({}, small);
    const provider = withCompress({
      ...without(inner, ['upload', 'uploads']),
      capabilities: { attributes: 'native', maxPutBytes: 1000, maxObjectBytes: 2000 },
    });
    expect(provider.capabilities).toMatchObject({ maxPutBytes: 980, maxObjectBytes: 1980 });
  });
});
