import { openStorage } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { createGoogleDrive, type GdriveOptions, gdriveProvider } from './gdrive-provider.ts';

const auth = () => 'token';

describe('options', () => {
  test('that contradict each other are refused', () => {
    const refused = (options: GdriveOptions & Readonly<Record<string, unknown>>) =>
      expect(() => createGoogleDrive.provider(options)).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    refused({});
    refused({ auth, clientId: 'x' });
    refused({ auth, appFolder: true, driveId: 'x' });
    refused({ auth, driveId: '' });
    refused({ auth, root: 'a//b' });
    refused({ auth, root: 'a/../b' });
  });

  test('decide what is declared', () => {
    const capabilities = (options: GdriveOptions) =>
      gdriveProvider({ auth, ...options }).capabilities;
    expect(capabilities({})).toMatchObject({ versions: true, usage: true, listOrder: 'utf8' });
    expect(capabilities({ trash: false }).versions).toBeUndefined();
    expect(capabilities({ appFolder: true }).versions).toBeUndefined();
    expect(capabilities({ driveId: 'x' }).usage).toBeUndefined();
    expect(capabilities({ exports: { document: 'text/plain' } }).listFields).not.toContain('size');
    expect(capabilities({}).createIfAbsent).toBeUndefined();
  });

  test('come from a URL and from a config', async () => {
    const backends = [createGoogleDrive];
    const open = (url: string) => openStorage(url, { backends });
    const storage = open('gdrive:///Apps/Notes?token=secret&trash=false');
    expect(storage.getCapabilities().versions).not.toBe(true);
    await storage.close();
    expect(
      createGoogleDrive.backend.fromConfig?.({
        config: { token: 'x', exports: { document: 'text/plain' }, app_folder: 'true' },
      }),
    ).toEqual({ auth: 'x', exports: { document: 'text/plain' }, appFolder: true });
    expect(() => open('gdrive:///Apps')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('"auth" is missing'),
        hint: expect.stringContaining('granary login gdrive'),
      }),
    );
    expect(() => open('gdrive:///Apps?clientId=c')).toThrow(/"clientId" needs a sign-in/);
  });

  test('give the app its own client back', () => {
    const client = { getAccessToken: async () => 'x' };
    expect(createGoogleDrive.provider({ client }).native).toBe(client);
    expect(createGoogleDrive.provider({ auth }).native).toBeUndefined();
  });
});
