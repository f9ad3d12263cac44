import { type ObjectInfo, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { openFake } from './open-fake.ts';

async function history(provider: StorageProvider, key: string): Promise<readonly ObjectInfo[]> {
  const versions: ObjectInfo[] = [];
  for await (const page of provider.versions?.list(key, {}) ?? []) versions.push(...page);
  return versions;
}

const text = async (provider: StorageProvider, key: string) => (await provider.get(key, {})).text();

test('restores content that is larger than one upload, and empty content', async () => {
  const { open } = await openFake();
  const provider = open();
  const large = new Uint8Array(9_000_000).fill(7);
  const session = await provider.upload?.('a', { totalBytes: large.byteLength });
  await session?.write(0, large);
  const first = (await session?.complete())?.version ?? '';
  const empty = (await provider.put('a', toBody(''), {})).version ?? '';
  await provider.put('a', toBody('last'), { metadata: { n: 1 } });
  const restored = await provider.versions?.restore('a', first, {});
  expect(restored).toMatchObject({ size: large.byteLength, metadata: { n: 1 } });
  expect(Buffer.compare(await (await provider.get('a', {})).bytes(), large)).toBe(0);
  await provider.versions?.restore('a', empty, {});
  expect(await text(provider, 'a')).toBe('');
  expect(await history(provider, 'a')).toHaveLength(5);
});

test('restores over what is there now, though it is another file', async () => {
  const { fake, open } = await openFake();
  const provider = open();
  const first = (await provider.put('a', toBody('first'), {})).version ?? '';
  await provider.delete('a', {});
  await provider.put('a', toBody('second'), {});
  await provider.versions?.restore('a', first, {});
  expect(await text(provider, 'a')).toBe('first');
  expect(fake.paths()).toEqual(['a']);
  expect((await history(provider, 'a')).map(({ size }) => size)).toEqual([5, 6, 5]);
});

test('a range that is ignored while a version is restored harms nothing', async () => {
  const { fake, open } = await openFake();
  const provider = open();
  const first = (await provider.put('a', toBody('first'), {})).version ?? '';
  await provider.put('a', toBody('second'), {});
  fake.fault('ignore-range');
  await provider.versions?.restore('a', first, {});
  expect(await text(provider, 'a')).toBe('first');
});

test('keeps the only version, and knows no head', async () => {
  const { open } = await openFake();
  const provider = open();
  const { version = '', id } = await provider.put('a', toBody('x'), {});
  await expect(provider.delete('a', { version })).rejects.toMatchObject({ code: 'unsupported' });
  await expect(provider.stat('a', { version: `${id}.head` })).rejects.toMatchObject({
    code: 'not-found',
  });
  expect(await provider.delete('a', { version: `${id}.gone` })).toEqual({ existed: false });
});

test('says nothing of documents of Google', async () => {
  const { fake, open } = await openFake();
  fake.addFile({ name: 'doc', exports: { 'text/plain': 'x' } });
  const provider = open({ exports: { document: 'text/plain' } });
  expect(await history(provider, 'doc')).toEqual([]);
});

test('reads many revisions over pages', async () => {
  const { open } = await openFake();
  const paged: typeof fetch = (input, init) =>
    fetch(String(input).replace('pageSize=1000', 'pageSize=2'), init);
  const provider = open({ fetch: paged });
  for (const content of ['1', '22', '333', '4444', '55555']) {
    await provider.put('a', toBody(content), {});
  }
  expect((await history(provider, 'a')).map(({ size }) => size)).toEqual([5, 4, 3, 2, 1]);
});

test('reads a version, and a part of it', async () => {
  const { open } = await openFake();
  const provider = open();
  const { version = '' } = await provider.put('a', toBody('first'), {});
  await provider.put('a', toBody('second'), {});
  expect(await (await provider.get('a', { version })).text()).toBe('first');
  const range = { offset: 1, length: 2 };
  expect(await (await provider.get('a', { version, range })).text()).toBe('ir');
});

test('gives up to restore what the service does not take', async () => {
  const { open } = await openFake();
  const { version = '' } = await open().put('a', toBody('first'), {});
  const stalled: typeof fetch = async (input, init) =>
    String(input).includes('upload_id') ? new Response(null, { status: 308 }) : fetch(input, init);
  await expect(open({ fetch: stalled }).versions?.restore('a', version, {})).rejects.toMatchObject({
    code: 'unavailable',
  });
});
