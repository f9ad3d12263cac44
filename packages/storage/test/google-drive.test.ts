import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { createGoogleDrive } from '@granary/storage/desktop';
import { openStorage } from '@granary/storage-core';
import { createVault, memoryDriver } from '@granary/storage-credentials';
import { memoryTokenStore } from '@granary/storage-oauth';
import { DRIVE_SCOPES, type FakeGdrive, startFakeGdrive } from '@granary-tools/fake-gdrive';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type OAuthServer, startOAuthServer } from './oauth-server.ts';

const CLIENT = { clientId: '1234.apps.googleusercontent.com', clientSecret: 'GOCSPX-secret' };
/** What opens addresses on Linux: here it follows them, as a person does who agrees. */
const BROWSER = `#!${process.execPath}\nfetch(process.argv[2]).then((page) => page.text());\n`;

let drive: FakeGdrive;
let server: OAuthServer;
let folder = '';

beforeAll(async () => {
  drive = await startFakeGdrive();
  server = await startOAuthServer({
    ...CLIENT,
    issue: (scope) => {
      const asked = scope.split(' ');
      const scopes = DRIVE_SCOPES.filter((name) =>
        asked.includes(`https://www.googleapis.com/auth/${name}`),
      );
      return drive.token({ scopes });
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'granary-browser-'));
  writeFileSync(join(folder, 'xdg-open'), BROWSER);
  chmodSync(join(folder, 'xdg-open'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await drive.stop();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(process.platform !== 'linux')('createGoogleDrive on a desktop', () => {
  test('signs in through the browser of the system, keeps the sign-in, and gives it back', async () => {
    const options = {
      ...CLIENT,
      tokens: createVault({ driver: memoryDriver() }),
      signInEndpoints: server.endpoints,
      endpoint: drive.url,
    };
    const storage = createGoogleDrive(options);
    expect(server.asked).toEqual([]);
    await storage.save('notes/today', { text: 'Buy bread.' }, { tags: ['todo'] });
    expect(await storage.load('notes/today')).toEqual({ text: 'Buy bread.' });
    const [page] = server.asked;
    expect(page?.get('scope')).toBe('https://www.googleapis.com/auth/drive.file');
    expect(page?.get('access_type')).toBe('offline');
    expect(page?.toString()).not.toContain(CLIENT.clientSecret);
    expect(server.asked).toHaveLength(2);
    await storage.close();

    // Another program with the same vault; the service has forgotten its token.
    drive.revokeTokens();
    const next = createGoogleDrive(options);
    expect(await next.load('notes/today')).toEqual({ text: 'Buy bread.' });
    expect(server.asked.at(-1)?.get('grant_type')).toBe('refresh_token');
    expect(await next.auth.accounts()).toMatchObject([{ id: 'default', isDefault: true }]);

    expect(await next.auth.signOut()).toMatchObject({ revoked: 'yes' });
    expect(server.revoked).toHaveLength(1);
    expect(await next.auth.accounts()).toEqual([]);
  });

  test('comes back to the address that is registered', async () => {
    const storage = createGoogleDrive({
      ...CLIENT,
      ...{ tokens: memoryTokenStore(), signInEndpoints: server.endpoints, endpoint: drive.url },
      redirectUri: 'http://localhost/signed-in',
    });
    const before = server.asked.length;
    await storage.auth.signIn();
    const address = new URL(server.asked[before]?.get('redirect_uri') ?? '');
    expect([address.hostname, address.pathname]).toEqual(['localhost', '/signed-in']);
  });

  test('opens from a URL', async () => {
    await using storage = openStorage(
      `gdrive:///Notes?clientId=${CLIENT.clientId}&signInOnDemand=false&endpoint=${drive.url}`,
      { backends: [createGoogleDrive] },
    );
    expect(storage.getInfo().provider).toBe('gdrive');
  });
});
