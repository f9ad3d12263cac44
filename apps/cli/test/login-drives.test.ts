import './fixtures/drive-hosts.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startFakeDropbox } from '@granary-tools/fake-dropbox';
import { startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  CLIENT_ID,
  type DriveSignInServer,
  installBrowserFor,
  startDriveSignIn,
  USER_CODE,
} from './drive-sign-in.ts';
import { type RunResult, useSandbox } from './run-granary.ts';
import { startGranary } from './spawn-granary.ts';

// Each command derives the key of the vault from its passphrase, which takes its time on purpose.
vi.setConfig({ testTimeout: 120_000 });

/** A service behind the program, and what the tests know of it. */
interface Service {
  readonly has: (path: string) => Promise<boolean>;
  readonly revokeTokens: () => void;
  readonly issue: (scope: string) => string;
  /** Addresses of the service by the beginning of its own; `signIn` stands for the sign-in's. */
  readonly hosts: (signIn: string) => Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

async function oneDrive(): Promise<Service> {
  const fake = await startFakeOneDrive({ driveType: 'personal' });
  return {
    ...{ revokeTokens: fake.revokeTokens, stop: fake.stop },
    has: async (path) => fake.paths().includes(path),
    issue: (scope) => fake.token(scope.split(' ').filter((name) => name.startsWith('Files.'))),
    hosts: (signIn) => ({
      'https://login.microsoftonline.com': signIn,
      'https://graph.microsoft.com': fake.url,
    }),
  };
}

async function dropbox(): Promise<Service> {
  const fake = await startFakeDropbox();
  return {
    ...{ revokeTokens: fake.revokeTokens, stop: fake.stop },
    async has(path) {
      const { status } = await fetch(`${fake.url}/2/files/get_metadata`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${fake.issueToken()}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ path }),
      });
      return status === 200;
    },
    issue: () => fake.issueToken(),
    hosts: (signIn) => ({
      'https://api.dropboxapi.com/oauth2/token': `${signIn}/oauth2/token`,
      'https://api.dropboxapi.com/2/auth/token/revoke': `${signIn}/revoke`,
      'https://api.dropboxapi.com': fake.url,
      'https://content.dropboxapi.com': fake.url,
    }),
  };
}

const DRIVES = [
  {
    ...{ id: 'onedrive', title: 'OneDrive', start: oneDrive },
    pages: 'https://login.microsoftonline.com',
    file: 'Apps/Fake App/Kept/docs/a.md',
    scopes: ['Files.ReadWrite.AppFolder', 'offline_access'],
    /** Microsoft has no way to take a sign-in back. */
    revokes: false,
  },
  {
    ...{ id: 'dropbox', title: 'Dropbox', start: dropbox },
    pages: 'https://www.dropbox.com',
    file: '/Kept/docs/a.md',
    scopes: [],
    revokes: true,
  },
] as const;

const HOSTS = ['--import', join(import.meta.dirname, 'fixtures/drive-hosts.ts')];
const sandbox = useSandbox();
const at = (path: string): string => join(sandbox.folder, path);

describe.skipIf(process.platform !== 'linux').each(DRIVES)('granary login $id', (drive) => {
  const { id, title, pages, file, scopes, revokes } = drive;
  let service: Service;
  let server: DriveSignInServer;
  let bin = '';

  beforeAll(async () => {
    bin = mkdtempSync(join(tmpdir(), 'granary-cli-browser-'));
    service = await drive.start();
    server = await startDriveSignIn(service.issue);
    installBrowserFor(bin, pages, server);
  });
  afterAll(async () => {
    await service.stop();
    await server[Symbol.asyncDispose]();
    rmSync(bin, { recursive: true, force: true });
  });
  beforeEach(() => {
    vi.stubEnv('TEST_DRIVE_HOSTS', JSON.stringify(service.hosts(server.url)));
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
  });
  afterEach(() => void vi.unstubAllEnvs());

  const vaultEnv = () => ({
    GRANARY_VAULT_DRIVER: 'file',
    GRANARY_VAULT_FOLDER: at('../vaults'),
    GRANARY_VAULT_PASSPHRASE: 'correct horse',
  });

  /** Runs a command line, and looks for secrets in what it says. */
  async function run(words: string): Promise<RunResult> {
    const result = await sandbox.run(words, { env: vaultEnv() });
    checkQuiet(result);
    return result;
  }

  function checkQuiet({ out, err }: { readonly out: string; readonly err: string }): void {
    for (const secret of server.secrets) expect(out + err).not.toContain(secret);
  }

  test('signs in through the browser, and the drive is a place like any other', async () => {
    const signedIn = await run(`login ${id} --client-id ${CLIENT_ID}`);
    expect(signedIn.err).toContain(`Signed in to ${title} as default.`);
    expect(signedIn).toMatchObject({ code: 0, out: '' });

    mkdirSync(at('docs'));
    writeFileSync(at('docs/a.md'), 'text');
    expect(await run(`cp -r ./docs ${id}:/Kept/docs/`)).toMatchObject({ code: 0 });
    expect((await run(`ls -r ${id}:/Kept`)).out).toBe('docs/a.md\n');
    expect(await service.has(file)).toBe(true);
    writeFileSync(
      at('storage.yaml'),
      `storage:\n  providers:\n    notes: { type: ${id}, config: { root: Kept } }\n`,
    );
    // A token that the service has forgotten is replaced.
    service.revokeTokens();
    expect((await run('cat notes:docs/a.md')).out).toBe('text');
    expect(server.grants.at(-1)).toBe('refresh_token');

    // The registration is kept, so that the next time nothing is to be said.
    expect((await run(`login ${id} --account work --quiet`)).code).toBe(0);
    const { records } = await run(`accounts ${id} --json`);
    expect(records).toMatchObject([
      { type: 'account', drive: id, account: 'default', isDefault: false, scopes },
      { type: 'account', drive: id, account: 'work', isDefault: true, missingScopes: [] },
    ]);
    expect(JSON.stringify(records)).not.toContain('oken"');
    expect((await run(`cat ${id}:/Kept/docs/a.md?account=default`)).out).toBe('text');

    const out = await run(`logout ${id} --account default`);
    expect(out.code).toBe(0);
    expect(out.err).toContain(`Signed out of ${title} as default.\n`);
    expect(out.err.includes('not revoked')).toBe(!revokes);
    expect(server.revoked).toHaveLength(revokes ? 1 : 0);
    expect((await run(`logout ${id} --all`)).code).toBe(0);
    expect((await run('keys')).out).toBe('');
    expect(await run('ls notes:')).toMatchObject({
      code: 4,
      err: expect.stringContaining(`hint: Run: granary login ${id}\n`),
    });
  });

  // Processes take their time, and the code is the same for all.
  if (id === 'dropbox') {
    test('works from one process to the next, until the sign-in has ended', async () => {
      const start = async (...words: readonly string[]) => {
        const ended = await startGranary(words, sandbox.folder, { env: vaultEnv(), node: HOSTS })
          .ended;
        checkQuiet(ended);
        return ended;
      };
      expect(await start('login', id, '--client-id', CLIENT_ID)).toMatchObject({ code: 0 });
      writeFileSync(at('one.txt'), 'one');
      expect(await start('cp', 'one.txt', `${id}:/Processes/`)).toMatchObject({ code: 0 });
      expect(await start('cat', `${id}:/Processes/one.txt`)).toMatchObject({ out: 'one' });
      server.endAll();
      service.revokeTokens();
      expect(await start('ls', `${id}:/Processes/`)).toMatchObject({
        code: 4,
        err: expect.stringContaining(`hint: Run: granary login ${id}\n`),
      });
    });
  }

  if (id === 'onedrive') {
    test('shows a code for another device', async () => {
      const shown = await run(`login ${id} --device --quiet --client-id ${CLIENT_ID}`);
      expect(shown).toMatchObject({ code: 0, out: '' });
      expect(shown.err).toBe(
        `Open https://microsoft.com/devicelogin on any device and enter the code ${USER_CODE}\n`,
      );
      expect((await run(`accounts ${id}`)).out).toContain('default');
    });
  }
});
