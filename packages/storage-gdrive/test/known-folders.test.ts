import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { FOLDER_TYPE } from '../src/gdrive-file.ts';
import { openFake } from './open-fake.ts';

async function keysOf(provider: StorageProvider, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of provider.list({ prefix })) {
    keys.push(...page.entries.flatMap((entry) => (entry.kind === 'item' ? [entry.key] : [])));
  }
  return keys;
}

/** A folder two levels down that was listed by `mine`; `theirs` is another client. */
async function listed(prefix: string) {
  const opened = await openFake();
  const [mine, theirs] = [opened.open(), opened.open()];
  for (const name of ['1', '2', 'deep/3']) await theirs.put(`${prefix}${name}`, toBody(name), {});
  expect(await keysOf(mine, prefix)).toHaveLength(3);
  return { ...opened, mine, theirs };
}

describe('a folder that was listed before', () => {
  test('is listed again with one request, and as it is by then', async () => {
    const { mine, theirs, counted } = await listed('a/b/');
    await theirs.delete('a/b/deep/3', {});
    await theirs.delete('a/b/1', {});
    await theirs.put('a/b/0', toBody('0'), {});
    expect(await keysOf(mine, 'a/b/')).toEqual(['a/b/0', 'a/b/2']);
    for (const name of ['0', '2']) await theirs.delete(`a/b/${name}`, {});
    await theirs.put('a/b/4', toBody('4'), {});
    const requests = await counted(async () => {
      expect(await keysOf(mine, 'a/b/')).toEqual(['a/b/4']);
    });
    expect(requests[0]).toBe('POST /batch/drive/v3');
    expect(await counted(() => keysOf(mine, 'a/b/4'))).toEqual(['POST /batch/drive/v3']);
  });

  test('is looked for again when it is another one now', async () => {
    const { mine, theirs } = await listed('a/b/');
    for (const name of ['1', '2', 'deep/3']) {
      await theirs.move?.(`a/b/${name}`, `elsewhere/${name}`, {});
    }
    await theirs.put('a/b/new', toBody('new'), {});
    expect(await keysOf(mine, 'a/b/')).toEqual(['a/b/new']);
  });

  test('is one with a second folder of its name', async () => {
    const { mine, fake } = await listed('f/');
    const second = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    fake.addFile({ name: '9', parent: second, content: '9' });
    expect(await keysOf(mine, 'f/')).toEqual(['f/1', 'f/2', 'f/9', 'f/deep/3']);
  });

  test('is empty where it was renamed, and found under its new name', async () => {
    const { fake, open } = await openFake();
    const mine = open();
    const folder = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    fake.addFile({ name: '1', parent: folder, content: '1' });
    expect(await keysOf(mine, 'f/')).toEqual(['f/1']);
    const renamed = await fetch(`${fake.url}/drive/v3/files/${folder}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${fake.token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'g' }),
    });
    expect(renamed.status).toBe(200);
    expect(await keysOf(mine, 'f/')).toEqual([]);
    expect(await keysOf(mine, 'g/')).toEqual(['g/1']);
  });

  test('of more than a page is read the plain way', async () => {
    const { fake, open } = await openFake();
    const mine = open();
    const folder = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    fake.addFile({ name: '1', parent: folder, content: '1' });
    expect(await keysOf(mine, 'f/')).toHaveLength(1);
    for (let count = 0; count < 1000; count += 1) {
      fake.addFile({ name: `n${count}`, parent: folder, content: 'n' });
    }
    expect(await keysOf(mine, 'f/')).toHaveLength(1001);
    expect(await keysOf(mine, 'f/')).toHaveLength(1001);
  });
});
