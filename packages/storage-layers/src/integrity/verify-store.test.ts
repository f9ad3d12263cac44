import { createStorage } from '@granary/storage-core';
import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { codeOf, isSame, noise } from '../../test/content.ts';
import { cut, flip, rotting } from '../../test/rotting.ts';
import { withCompress } from '../compress.ts';
import { withEncrypt } from '../encrypt.ts';
import { type VerifyFinding, type VerifyReport, verifyStore, withIntegrity } from '../integrity.ts';
import { withMock } from '../mock.ts';

const BIG = 3 * 1024 * 1024 + 17;
describe('verifyStore', () => {
  async function filled() {
    const below = rotting();
    const above = withIntegrity(below.provider);
    const replica = createMemory.provider();
    for (let index = 0; index < 40; index += 1) {
      const key = `k/${String(index).padStart(2, '0')}`;
      const bytes = noise(index === 7 ? BIG : 100 + index);
      await above.put(key, toBody(bytes), {});
      await replica.put(key, toBody(bytes), {});
    }
    await below.inner.put('theirs', toBody('x'), {});
    return { ...below, above, replica };
  }

  test('tells what is damaged, and counts everything', async () => {
    const { provider, above, rot } = await filled();
    await rot('k/03');
    await rot('k/07');
    await rot('k/09', cut);
    for (const storage of [provider, above, createStorage(above)]) {
      const seen: VerifyFinding[] = [];
      const progress: VerifyReport[] = [];
      const check = verifyStore(storage, { onProgress: (report) => progress.push(report) });
      for await (const finding of check) seen.push(finding);
      seen.sort((one, other) => (one.key < other.key ? -1 : 1));
      expect(seen.map(({ key, status }) => [key, status])).toEqual([
        ['k/03', 'damaged'],
        ['k/07', 'damaged'],
        ['k/09', 'damaged'],
        ['theirs', 'without-checksum'],
      ]);
      expect(seen[0]?.expected).toMatch(/^sha256-/);
      const report = await check;
      expect(report).toMatchObject({
        ...{ checked: 41, ok: 37, withoutChecksum: 1, damaged: 3, repaired: 0, unreadable: 0 },
      });
      expect(progress.at(41 - 1)).toEqual(report);
    }
  });

  test('repairs from a second copy', async () => {
    const { provider, rot, replica, inner } = await filled();
    for (const key of ['k/03', 'k/07', 'k/09']) await rot(key, key === 'k/09' ? cut : flip);
    await rot('k/20');
    await replica.delete('k/20', {});
    const report = await verifyStore(provider, { repair: { from: replica }, concurrency: 3 });
    expect(report).toMatchObject({ checked: 41, repaired: 3, damaged: 1 });
    expect(await verifyStore(provider)).toMatchObject({ checked: 41, damaged: 1, repaired: 0 });
    const [mine, theirs] = await Promise.all(
      [inner, replica].map(async (one) => (await one.get('k/07', {})).bytes()),
    );
    expect(isSame(mine, theirs ?? new Uint8Array(0))).toBe(true);
  });

  test('looks at the keys of a prefix, and leaves out what is deleted meanwhile', async () => {
    const { provider, inner } = await filled();
    expect(await verifyStore(provider, { prefix: 'k/1' })).toMatchObject({ checked: 10, ok: 10 });
    const vanishing: StorageProvider = {
      ...provider,
      async get(key, options) {
        if (key === 'k/05') await inner.delete(key, {});
        return provider.get(key, options);
      },
    };
    expect(await verifyStore(vanishing)).toMatchObject({ checked: 40 });
  });

  test('goes on after what it cannot read, and looks again at what is being written', async () => {
    const { provider } = await filled();
    const mock = withMock(provider);
    mock.mock.fail('get', { key: 'k/01', with: 'permission-denied', times: 9 });
    mock.mock.fail('get', { key: 'k/02', with: 'conflict', times: 2 });
    const findings: VerifyFinding[] = [];
    for await (const finding of verifyStore(mock)) findings.push(finding);
    expect(findings.find(({ key }) => key === 'k/01')).toMatchObject({
      status: 'unreadable',
      error: { code: 'permission-denied' },
    });
    expect(findings.some(({ key }) => key === 'k/02')).toBe(false);
  });

  test('tells of a repair that failed, or that somebody wrote in its place', async () => {
    const { provider, rot, replica, inner } = await filled();
    await rot('k/01');
    await rot('k/02');
    const troubled: StorageProvider = {
      ...provider,
      async put(key, body, options) {
        if (key === 'k/01') throw new Error('the disk is full');
        await inner.put(key, toBody('newer'), { checksum: 'sha256' });
        return provider.put(key, body, options);
      },
    };
    const findings: VerifyFinding[] = [];
    const check = verifyStore(troubled, { repair: { from: replica } });
    for await (const finding of check) findings.push(finding);
    expect(findings.filter(({ key }) => key !== 'theirs')).toEqual([
      expect.objectContaining({ key: 'k/01', status: 'damaged', error: expect.anything() }),
    ]);
    expect(await (await inner.get('k/02', {})).text()).toBe('newer');
  });

  test('over a layer that finds damage itself tells and repairs it', async () => {
    const { provider, rot, inner } = rotting();
    const packed = withCompress(provider, { always: true });
    const above = withIntegrity(provider);
    const text = new TextEncoder().encode('all work and no play '.repeat(100));
    const verified = withIntegrity(packed);
    await verified.put('a', toBody(text), {});
    await above.put('b', toBody('x'), {});
    const replica = createMemory.provider();
    await replica.put('a', toBody(text), {});
    await rot('a');
    await inner.put('c', toBody((await (await inner.get('a', {})).bytes()).slice(0, 12)), {});
    const report = await verifyStore(verified, { repair: { from: replica } });
    expect(report).toMatchObject({ checked: 3, repaired: 1, damaged: 1, ok: 1 });
  });

  test('reads what has no checksum to its end, so that encryption tells of damage', async () => {
    const { provider, rot } = rotting();
    const encrypted = withEncrypt(provider, { key: new Uint8Array(32).fill(7) });
    const content = noise(BIG);
    for (const key of ['a', 'b', 'c']) await encrypted.put(key, toBody(content), {});
    await rot('b');
    const findings: VerifyFinding[] = [];
    let counts: VerifyReport | undefined;
    const check = verifyStore(encrypted, {
      repair: { from: createMemory.provider() },
      onProgress: (report) => {
        counts = report;
      },
    });
    for await (const finding of check) findings.push(finding);
    expect(counts).toMatchObject({ checked: 3, damaged: 1, withoutChecksum: 2, bytes: 2 * BIG });
    expect(findings.find(({ key }) => key === 'b')).toMatchObject({
      status: 'damaged',
      error: { code: 'corrupted', key: 'b' },
    });
  });

  test('says in every error what it is about', async () => {
    const { provider, rot } = await filled();
    await rot('k/03');
    const findings: VerifyFinding[] = [];
    for await (const finding of verifyStore(provider)) findings.push(finding);
    expect(findings.find(({ key }) => key === 'k/03')?.error).toMatchObject({
      code: 'corrupted',
      operation: 'verify',
      key: 'k/03',
      message: expect.stringContaining('verify "k/03"'),
    });
  });

  test('ends with an abort in the middle of content, and tells of bodies that break', async () => {
    const { provider } = await filled();
    const controller = new AbortController();
    const waiting: StorageProvider = {
      ...provider,
      async get(key, options) {
        controller.abort();
        return provider.get(key, options);
      },
    };
    const { signal } = controller;
    expect(await codeOf(Promise.resolve(verifyStore(waiting, { signal })))).toBe('aborted');
    const mock = withMock(provider);
    mock.mock.fail('get', { key: 'k/03', cutAfterBytes: 5 });
    expect(await verifyStore(mock)).toMatchObject({ checked: 41, unreadable: 1 });
  });

  test('ends with an abort, a failing listing, or when nobody looks any more', async () => {
    const { provider } = await filled();
    const controller = new AbortController();
    const walk = async () => {
      for await (const _finding of verifyStore(provider, { signal: controller.signal })) {
        controller.abort();
      }
    };
    controller.abort();
    expect(await codeOf(walk())).toBe('aborted');
    const mock = withMock(provider);
    mock.mock.fail('list', { with: 'permission-denied' });
    expect(await codeOf(Promise.resolve(verifyStore(mock)))).toBe('permission-denied');
    for await (const finding of verifyStore(provider)) {
      expect(finding.key).toBe('theirs');
      break;
    }
    expect(() => verifyStore(provider, { concurrency: 0 })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
