import { openStorage } from '@granary/storage-core';
import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { chooseDirectory, createOPFS, saveFile } from './index.ts';
import { opfsFromConfig } from './opfs-config.ts';
import { settingsOf } from './opfs-options.ts';

const fromUrl = (url: string) => opfsFromConfig({ url: parseStorageUrl(url) });

describe('options', () => {
  test('have defaults', () => {
    expect(settingsOf({})).toEqual({
      segments: ['atelier', 'assets'],
      mode: 'readwrite',
      isUserFolder: false,
    });
    expect(settingsOf({ handleId: 'x', mode: 'read' })).toEqual({
      segments: [],
      handleId: 'x',
      mode: 'read',
      isUserFolder: true,
    });
    expect(settingsOf({ root: '/a//b/' }).segments).toEqual(['a', 'b']);
  });

  test.each([
    [{ root: 'a/../b' }, '".."'],
    [{ root: 'a\\b' }, 'path'],
    [{ root: '.granary' }, 'path'],
    [{ handleId: '' }, 'empty'],
    [{ handleId: 5 as unknown as string }, 'chooseDirectory() was given'],
    [{ root: 5 as unknown as string }, 'path'],
    [{ directory: 'x' as unknown as FileSystemDirectoryHandle }, 'give `root`'],
    [{ directory: { kind: 'file' } as unknown as FileSystemDirectoryHandle }, 'a function that'],
    [{ worker: true as unknown as false }, '`false` for none'],
    [{ handleId: 'x', directory: async () => expect.unreachable() }, 'not both'],
    [{ mode: 'write' as 'read' }, 'mode'],
  ])('%j are refused', (options, reason) => {
    expect(() => settingsOf(options)).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining(reason) }),
    );
  });

  test('come from URLs and configurations', () => {
    expect(settingsOf(fromUrl('opfs://')).segments).toEqual(['atelier', 'assets']);
    expect(settingsOf(fromUrl('opfs:///photos/2026')).segments).toEqual(['photos', '2026']);
    expect(fromUrl('opfs:///?handleId=library&mode=read')).toMatchObject({
      handleId: 'library',
      mode: 'read',
    });
    expect(opfsFromConfig({ config: { root: 'a', handle_id: 'b' } })).toEqual({
      root: 'a',
      handleId: 'b',
    });
    expect(() => fromUrl('opfs://host/a')).toThrow('has no host');
    expect(openStorage('opfs:///a', { backends: [createOPFS] })).toBeDefined();
  });
});

test('outside of browsers everything says so', async () => {
  await expect(createOPFS().get('a')).rejects.toMatchObject({ code: 'unsupported' });
  await expect(chooseDirectory({ handleId: 'x' })).rejects.toMatchObject({ code: 'unsupported' });
  await expect(saveFile(new Blob(), { fileName: 'x' })).rejects.toMatchObject({
    code: 'unsupported',
    operation: 'saveFile',
  });
});
