import { describe, expect, test } from 'vitest';
import { planDropbox } from './dropbox-drive.ts';
import { planGoogleDrive } from './google-drive.ts';
import { planOneDrive } from './one-drive.ts';

const APP = 'Files.ReadWrite.AppFolder';

describe('what Google Drive is asked for', () => {
  test.each([
    ['files of the app, when nothing is said', {}, ['drive.file'], {}],
    ['its hidden folder, when that is the place', { appFolder: true }, ['drive.appdata'], {}],
    ['files in a shared drive', { driveId: '0A' }, ['drive.file'], {}],
    ['what is named', { scopes: ['drive', 'openid'] }, ['drive', 'openid'], {}],
  ])('%s', (_what, options, scopes, place) => {
    expect(planGoogleDrive(options)).toEqual({ scopes, place });
  });

  test('means the hidden folder where the scope reaches nothing else', () => {
    const full = ['https://www.googleapis.com/auth/drive.appdata', 'email'];
    expect(planGoogleDrive({ scopes: full }).place).toEqual({ appFolder: true });
    expect(planGoogleDrive({ scopes: full, appFolder: false }).place).toEqual({});
    expect(planGoogleDrive({ scopes: [...full, 'drive.file'] }).place).toEqual({});
    expect(planGoogleDrive({ scopes: ['openid'] }).place).toEqual({});
  });
});

describe('what OneDrive is asked for', () => {
  test.each([
    ['the app folder, when nothing is said', {}, [APP], { appFolder: true }],
    ['a part of it', { appFolder: true, root: 'Notes' }, [APP], { appFolder: true }],
    ['the drive, when a folder of it is named', { root: 'Notes' }, ['Files.ReadWrite'], {}],
    ['all of the drive', { appFolder: false }, ['Files.ReadWrite'], {}],
    ['the drive of somebody else', { driveId: 'b!1' }, ['Files.ReadWrite.All'], {}],
    ['the library of a site', { siteId: 'a,b,c' }, ['Files.ReadWrite.All'], {}],
    ['what is named', { scopes: ['Files.ReadWrite'] }, ['Files.ReadWrite'], {}],
  ])('%s', (_what, options, scopes, place) => {
    expect(planOneDrive(options)).toEqual({ scopes, place });
  });

  test('means the app folder where the scope reaches nothing else', () => {
    const scopes = ['https://graph.microsoft.com/files.readwrite.appfolder', 'User.Read'];
    expect(planOneDrive({ scopes }).place).toEqual({ appFolder: true });
    expect(planOneDrive({ scopes, root: 'Notes' }).place).toEqual({ appFolder: true });
    expect(planOneDrive({ scopes, appFolder: false }).place).toEqual({});
    expect(planOneDrive({ scopes, driveId: 'b!1' }).place).toEqual({});
    expect(planOneDrive({ scopes: [...scopes, 'Files.Read.All'] }).place).toEqual({});
    expect(planOneDrive({ scopes: ['User.Read'] }).place).toEqual({});
  });
});

test('Dropbox is asked for what the app is registered with', () => {
  expect(planDropbox({})).toEqual({ place: {} });
  expect(planDropbox({ scopes: ['files.content.read'] })).toEqual({
    scopes: ['files.content.read'],
    place: {},
  });
});
