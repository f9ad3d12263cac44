import './fixtures/google-hosts.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { type FakeGdrive, startFakeGdrive } from '@granary-tools/fake-gdrive';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { installBrowserFor } from './drive-sign-in.ts';
import { CLIENT, type GoogleSignIn, startGoogleSignIn, USER_CODE } from './google-sign-in.ts';
import type { HostSettings } from './memory-host.ts';
import { type RunResult, useSandbox } from './run-granary.ts';
import { startGranary } from './spawn-granary.ts';

// Each command derives the key of the vault from its passphrase, which takes its time on purpose.
vi.setConfig({ testTimeout: 120_000 });

const HOSTS = ['--import', join(import.meta.dirname, 'fixtures/google-hosts.ts')];
const sandbox = useSandbox();
const at = (path: string): string => join(sandbox.folder, path);
let drive: FakeGdrive;
let google: GoogleSignIn;
let bin = '';

beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), 'granary-cli-browser-'));
  drive = await startFakeGdrive();
  google = await startGoogleSignIn(drive);
  installBrowserFor(bin, 'https://accounts.google.com', google);
});
afterAll(async () => {
  await drive.stop();
  await google[Symbol.asyncDispose]();
  rmSync(bin, { recursive: true, force: true });
});
beforeEach(() => {
  google.refusesRevoking = false;
  vi.stubEnv('TEST_GOOGLE_SIGN_IN', google.url);
  vi.stubEnv('TEST_GOOGLE_DRIVE', drive.url);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
});
afterEach(() => void vi.unstubAllEnvs());

const vaultEnv = () => ({
  GRANARY_VAULT_DRIVER: 'file',
  GRANARY_VAULT_FOLDER: at('../vaults'),
  GRANARY_VAULT_PASSPHRASE: 'correct horse',
});
const CLIENT_ENV = {
  GRANARY_GDRIVE_CLIENT_ID: CLIENT.id,
  GRANARY_GDRIVE_CLIENT_SECRET: CLIENT.secret,
};

/** Runs a command line with the encrypted file as the vault, and looks for secrets in what it says. */
async function run(words: string, settings: HostSettings = {}): Promise<RunResult> {
  const env = { ...vaultEnv(), ...settings.env };
  const result = await sandbox.run(words, { ...settings, env });
  checkQuiet(result);
  return result;
}

function checkQuiet({ out, err }: { readonly out: string; readonly err: string }): void {
  for (const secret of google.secrets) expect(out + err).not.toContain(secret);
}

describe.skipIf(process.platform !== 'linux')('granary login gdrive', () => {
  test('signs in through the browser, and the drive is a place like any other', async () => {
    const signedIn = await run('login gdrive', { env: CLIENT_ENV });
    expect(signedIn).toMatchObject({ code: 0, out: '' });
    expect(signedIn.err).toContain('Signed in to Google Drive as default.');

    // Nothing is in the environment any more.
    mkdirSync(at('docs'));
    writeFileSync(at('docs/a.md'), 'text');
    expect(await run('cp -r ./docs gdrive:///Kept/docs/')).toMatchObject({ code: 0 });
    expect((await run('ls -r gdrive:///Kept')).out).toBe('docs/a.md\n');
    expect((await run('cat gdrive:/Kept/docs/a.md')).out).toBe('text');
    expect(drive.paths()).toContain('Kept/docs/a.md');

    writeFileSync(
      at('storage.yaml'),
      'storage:\n  providers:\n    notes: { type: gdrive, config: { root: Kept } }\n',
    );
    expect((await run('config check')).code).toBe(0);
    expect((await run('cat notes:docs/a.md')).out).toBe('text');
    // A token that the service has forgotten is replaced.
    drive.revokeTokens();
    expect((await run('cat notes:docs/a.md')).out).toBe('text');

    expect((await run('accounts')).out).toMatch(/^gdrive {2}default {2,}\S+ \S+ {2}default\n$/);
    expect((await run('accounts onedrive')).err).toContain('Nobody is signed in.');
    expect((await run('accounts gdrive --json')).records).toMatchObject([
      {
        ...{ type: 'account', drive: 'gdrive', account: 'default', isDefault: true },
        scopes: ['https://www.googleapis.com/auth/drive.file'],
      },
    ]);
    // The registration is kept, so that the next time nothing is to be said.
    expect((await run('login gdrive --account work --quiet')).code).toBe(0);
    expect((await run('accounts --json')).records.map(({ account }) => account)).toEqual([
      'default',
      'work',
    ]);
    expect((await run('cat gdrive:/Kept/docs/a.md?account=work')).out).toBe('text');
    expect(await run('cat gdrive:/Kept/docs/a.md?account=home')).toMatchObject({
      code: 4,
      err: expect.stringContaining('hint: Run: granary login gdrive --account home\n'),
    });

    // Another registration would leave these behind.
    expect(await run('login gdrive --client-id other')).toMatchObject({
      code: 8,
      err: expect.stringContaining('hint: Run: granary logout gdrive --all\n'),
    });
    expect(await run('logout gdrive --account home')).toMatchObject({
      code: 3,
      err: expect.stringContaining('hint: There are: default, work.'),
    });
    const before = google.revoked.length;
    expect((await run('logout gdrive --account default')).err).toBe(
      'Signed out of Google Drive as default.\n',
    );
    expect(google.revoked).toHaveLength(before + 1);
    expect((await run('cat gdrive:/Kept/docs/a.md')).out).toBe('text');
    google.refusesRevoking = true;
    const failed = await run('logout gdrive --all --json');
    expect(failed).toMatchObject({
      code: 1,
      err: expect.stringContaining('The tokens are forgotten here, and not revoked:'),
      records: [{ type: 'logout', drive: 'gdrive', account: 'work', revoked: 'failed' }],
    });
    expect((await run('keys')).out).toBe('');
    expect(await run('ls gdrive:/Kept')).toMatchObject({
      code: 4,
      err: expect.stringContaining('hint: Run: granary login gdrive\n'),
    });
    expect(await run('logout gdrive')).toMatchObject({ code: 4 });
  });

  test('shows a code for another device', async () => {
    const shown = await run('login gdrive --device --quiet', { env: CLIENT_ENV });
    expect(shown).toMatchObject({ code: 0, out: '' });
    expect(shown.err).toBe(
      `Open https://www.google.com/device on any device and enter the code ${USER_CODE}\n`,
    );
    const { records } = await run('login gdrive --device --json');
    expect(records).toMatchObject([
      { type: 'prompt', userCode: USER_CODE },
      { type: 'account', drive: 'gdrive' },
    ]);
    expect(JSON.stringify(records)).not.toContain('oken"');
  });

  test('shows the address where no browser is to be opened', async () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: false });
    let shown = '';
    stderr.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [, address] = /(https:\/\/accounts\.google\.com\S+)\n/.exec(shown) ?? [];
      if (address === undefined) return;
      shown = '';
      // What a person does in the browser.
      get(address.replace('https://accounts.google.com', google.url), ({ headers }) =>
        get(headers.location ?? ''),
      );
    });
    const env = { ...vaultEnv(), ...CLIENT_ENV };
    expect((await sandbox.run('login gdrive --show-address', { env, stderr })).code).toBe(0);
  });

  test('asks for the secret on a terminal, and shows it to nobody', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stdin });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    let shown = '';
    stderr.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const text = stripVTControlCharacters(shown);
      if (text.endsWith(`Client secret of ${CLIENT.id}: `)) stdin.write(`${CLIENT.secret}\r`);
    });
    const env = { ...vaultEnv(), GRANARY_GDRIVE_CLIENT_ID: CLIENT.id };
    const result = await sandbox.run('login gdrive', { env, isTTY: true, stdin, stderr });
    expect(result.code).toBe(0);
    checkQuiet({ out: result.out, err: shown });
    expect((await run('accounts')).out).toContain('default');
  });

  test('says what to do when the sign-in has ended, or goes wrong', async () => {
    await run('login gdrive', { env: CLIENT_ENV });
    google.endAll();
    expect(await run('ls gdrive:/')).toMatchObject({
      code: 4,
      err: expect.stringContaining('hint: Run: granary login gdrive\n'),
    });
    expect((await run('accounts')).out).toContain('has to sign in again');
    const env = { ...CLIENT_ENV, GRANARY_GDRIVE_CLIENT_SECRET: 'wrong' };
    expect(await run('login gdrive', { env })).toMatchObject({
      code: 2,
      err: expect.stringContaining('error invalid-config:'),
    });
    vi.stubEnv('PATH', '/nowhere');
    expect(await run('login gdrive')).toMatchObject({
      code: 5,
      err: expect.stringContaining('hint: Add --device or --show-address.\n'),
    });
  });

  test('works from one process to the next', async () => {
    const env = { ...vaultEnv(), TEST_GOOGLE_SIGN_IN: google.url, TEST_GOOGLE_DRIVE: drive.url };
    const start = async (words: readonly string[], more = {}) => {
      const path = { PATH: `${bin}${delimiter}${process.env['PATH']}` };
      const settings = { env: { ...env, ...path, ...more }, node: HOSTS };
      const ended = await startGranary(words, sandbox.folder, settings).ended;
      checkQuiet(ended);
      return ended;
    };
    expect(await start(['login', 'gdrive'], CLIENT_ENV)).toMatchObject({ code: 0 });
    writeFileSync(at('one.txt'), 'one');
    expect(await start(['cp', 'one.txt', 'gdrive:/Processes/'])).toMatchObject({ code: 0 });
    expect(await start(['cat', 'gdrive:///Processes/one.txt'])).toMatchObject({ out: 'one' });
    const nobody = { GRANARY_VAULT_FOLDER: at('../empty') };
    expect(await start(['ls', 'gdrive:/Processes/'], nobody)).toMatchObject({
      code: 4,
      err: expect.stringContaining('hint: Run: granary login gdrive\n'),
    });
  });
});

describe('granary login', () => {
  test.each([
    ['login floppy', '"floppy" is nothing that one signs in to.'],
    ['login gdrive', 'signing in to Google Drive needs the id of a registration.'],
    ['login dropbox', 'hint: Add --client-id, or set GRANARY_DROPBOX_CLIENT_ID.'],
    ['login dropbox --device --client-id a', 'Dropbox has no device code.'],
    ['login gdrive --tenant a --client-id a', 'Google Drive has no tenants.'],
    ['login gdrive --device --show-address', 'cannot be given together.'],
    ['logout gdrive --all --account a', 'cannot be given together.'],
    ['accounts floppy', '"floppy" is nothing that one signs in to.'],
  ])('refuses %s', async (words, message) => {
    expect(await run(words)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });

  test.each(['gdrive', 'onedrive', 'dropbox'])('is proposed where %s is used', async (id) => {
    expect(await run(`ls ${id}:/docs/`)).toMatchObject({
      code: 4,
      err: expect.stringContaining(`hint: Run: granary login ${id}\n`),
    });
    writeFileSync(
      at('storage.yaml'),
      `storage: { providers: { mine: { type: ${id}, config: { root: docs, account: work } } } }`,
    );
    expect(await run('ls mine:')).toMatchObject({
      code: 4,
      err: expect.stringContaining(`hint: Run: granary login ${id} --account work\n`),
    });
    expect(await run(`ls ${id}:/docs/?clientId=own`)).toMatchObject({
      code: 4,
      err: expect.stringContaining(`hint: Run: granary login ${id} --client-id own\n`),
    });
    expect(await run(`logout ${id}`)).toMatchObject({ code: 4 });
  });

  test('is not needed with a token, nor is the vault', async () => {
    await run('keys create storage');
    const url = `gdrive:/?token=${drive.token()}`;
    const { code, out, err } = await run(`ls ${url}`, { env: { GRANARY_VAULT_PASSPHRASE: '' } });
    expect({ code, out: typeof out, err }).toEqual({ code: 0, out: 'string', err: '' });
  });

  test('tells of a vault that cannot be opened', async () => {
    await run('keys create storage');
    expect(await run('ls gdrive:/', { env: { GRANARY_VAULT_PASSPHRASE: '' } })).toMatchObject({
      code: 4,
      err: expect.stringContaining('the vault needs a passphrase'),
    });
  });

  test('tells of a registration that something else has written', async () => {
    await run('keys add granary-login --account onedrive', { input: '{}' });
    expect(await run('ls onedrive:/')).toMatchObject({
      err: expect.stringContaining('granary keys remove granary-login --account onedrive'),
    });
    await run('keys add granary-login --account onedrive', { input: 'no JSON' });
    expect((await run('accounts')).err).toContain('granary keys remove granary-login');
  });
});
