import { encodeToken, sha256, type UploadSession } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { bytesOf, fakeProfile, isSame, MIB, rowCounts } from '../test/fake.ts';

const LARGE = bytesOf(3 * MIB);

async function begin(
  provider: ReturnType<ReturnType<typeof fakeProfile>['open']>,
  options = {},
): Promise<UploadSession> {
  const session = await provider.upload?.('a', options);
  if (session === undefined) throw new Error('no uploads');
  return session;
}

test('counts what came last where parts overlap', async () => {
  const provider = fakeProfile().open();
  const session = await begin(provider);
  const expected = new Uint8Array(3 * MIB);
  const write = async (offset: number, size: number, seed: number) => {
    const bytes = bytesOf(size, seed);
    expected.set(bytes, offset);
    await session.write(offset, bytes);
  };
  await write(0, 2 * MIB, 1);
  await write(2 * MIB, MIB, 2);
  await write(MIB - 100, 200, 3);
  await write(MIB + 500, 10, 4);
  await write(2.5 * MIB, 0.5 * MIB, 5);
  await write(0, 50, 6);
  expect(await session.status()).toEqual({ held: [{ offset: 0, length: 3 * MIB }] });
  const info = await session.complete({ checksum: await sha256(expected) });
  expect(info.size).toBe(3 * MIB);
  expect(isSame(await (await provider.get('a', {})).bytes(), expected)).toBe(true);
  const part = await provider.get('a', { range: { offset: MIB - 101, length: 700 } });
  expect(isSame(await part.bytes(), expected.slice(MIB - 101, MIB + 599))).toBe(true);
  await provider.delete('a', {});
  expect(await rowCounts(provider)).toMatchObject({ infos: 0, chunks: 0 });
});

test('goes on in another tab, and abort leaves a complete object alone', async () => {
  const { open } = fakeProfile();
  const [provider, other] = [open(), open()];
  const session = await begin(provider, { totalBytes: LARGE.byteLength, checksum: 'sha256' });
  await session.write(MIB, LARGE.slice(MIB));
  const again = await begin(other, { token: session.token });
  expect(await again.status()).toEqual({ held: [{ offset: MIB, length: 2 * MIB }] });
  await expect(again.write(3 * MIB, bytesOf(1))).rejects.toMatchObject({
    code: 'invalid-argument',
  });
  await again.write(0, LARGE.slice(0, MIB));
  const info = await again.complete();
  expect(info.checksums).toEqual({ sha256: await sha256(LARGE) });
  await session.abort();
  await again.abort();
  expect(isSame(await (await provider.get('a', {})).bytes(), LARGE)).toBe(true);
  await expect(session.write(0, bytesOf(1))).rejects.toMatchObject({
    code: 'conflict',
    restart: true,
  });
  await expect(begin(other, { token: session.token })).rejects.toMatchObject({ restart: true });
});

test('fails with conflict when a part is written while it completes', async () => {
  const { open } = fakeProfile();
  const [provider, other] = [open(), open()];
  const session = await begin(provider, { checksum: 'sha256' });
  await session.write(0, LARGE);
  const again = await begin(other, { token: session.token });
  const completing = session.complete();
  await again.write(0, bytesOf(10, 9));
  await expect(completing).rejects.toMatchObject({ code: 'conflict', retryable: true });
  expect((await again.complete()).size).toBe(LARGE.byteLength);
});

test('refuses a token that names no session', async () => {
  const provider = fakeProfile().open();
  for (const fields of [{}, [5], [null]]) {
    const token = encodeToken('a', fields);
    await expect(begin(provider, { token })).rejects.toMatchObject({ code: 'invalid-argument' });
  }
  await expect(begin(provider, { token: encodeToken('a', ['gone']) })).rejects.toMatchObject({
    code: 'conflict',
    restart: true,
  });
});

test('lists sessions with the prefix', async () => {
  const provider = fakeProfile().open();
  const session = await begin(provider);
  const pending = async (prefix: string) => {
    const tokens: string[] = [];
    for await (const { token } of provider.uploads?.({ prefix }) ?? []) tokens.push(token);
    return tokens;
  };
  expect(await pending('a')).toEqual([session.token]);
  expect(await pending('b')).toEqual([]);
});

test('makes an empty object of no parts', async () => {
  const provider = fakeProfile().open();
  const session = await begin(provider, { attributes: { tags: ['x'] } });
  expect(await session.complete()).toMatchObject({ size: 0, tags: ['x'] });
  expect((await (await provider.get('a', {})).bytes()).byteLength).toBe(0);
});
