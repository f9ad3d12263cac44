import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createDropbox, createGoogleDrive, createOneDrive } from './desktop.ts';

const google = createGoogleDrive.backend.fromConfig;
const microsoft = createOneDrive.backend.fromConfig;
const dropbox = createDropbox.backend.fromConfig;
const url = (text: string) => ({ url: parseStorageUrl(text) });

describe('a drive in a configuration', () => {
  test('takes what signs in, and the options of the backend', () => {
    expect(google(url('gdrive:///Notes?clientId=c&account=work&scope=drive,email'))).toEqual({
      ...{ clientId: 'c', account: 'work', scopes: ['drive', 'email'], root: '/Notes' },
    });
    const config = {
      ...{ client_id: 'c', client_secret: 's', scopes: ['drive.file'], app_folder: 'false' },
      ...{ sign_in_on_demand: 'false', trash: false, account: null },
    };
    expect(google({ config })).toEqual({
      ...{ clientId: 'c', clientSecret: 's', scopes: ['drive.file'] },
      ...{ appFolder: false, signInOnDemand: false, trash: false },
    });
    expect(microsoft({ config: { clientId: 'c', tenant: 't', root: 'a' } })).toEqual({
      ...{ clientId: 'c', tenant: 't', root: 'a' },
    });
    expect(dropbox({ config: { client_id: 'k', redirect_uri: 'http://localhost/' } })).toEqual({
      ...{ appKey: 'k', redirectUri: 'http://localhost/' },
    });
  });

  test('takes a token in the place of that', () => {
    expect(google(url('gdrive:///Notes?token=t'))).toEqual({ auth: 't', root: '/Notes' });
    expect(microsoft({ config: { accessToken: 't' } })).toEqual({ auth: 't' });
  });

  test.each([
    ['neither', {}, 'the option "clientId" is missing.'],
    ['both', { clientId: 'c', token: 'abcd' }, 'a token needs no "clientId"'],
    ['what there is not', { clientId: 'c', tenant: 't' }, 'there is no option "tenant"'],
    ['the id twice', { clientId: 'c', client_id: 'c' }, 'the option "clientId" is given twice.'],
  ])('refuses %s', (_what, config, message) => {
    expect(() => google({ config })).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(message),
      }),
    );
  });
});
