import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HostSettings, memoryHost } from '../../test/memory-host.ts';
import type { Host } from '../host.ts';
import { openVault } from './open-vault.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'granary-vault-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function hostOf(
  env: Readonly<Record<string, string>>,
  settings: HostSettings = {},
): Host & { err(): string } {
  return memoryHost({ ...settings, env: { HOME: home, GRANARY_VAULT_DRIVER: 'file', ...env } });
}

async function placeOf(host: Host): Promise<string> {
  await using vault = await openVault(host);
  return (await vault.getInfo()).place;
}

describe('openVault', () => {
  const secret = { GRANARY_VAULT_PASSPHRASE: 'correct horse' };

  test.each([
    ['linux', {}, '.local/share/granary/vaults'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '.local/share/granary/vaults'],
    ['darwin', {}, 'Library/Application Support/granary/vaults'],
    ['win32', {}, 'AppData/Local/granary/vaults'],
  ] as const)(
    'keeps the file of %s with %j where programs of the user keep data',
    async (platform, env, folder) => {
      const place = await placeOf(hostOf({ ...secret, ...env }, { platform }));
      expect(place).toContain(join(home, folder, 'granary.vault.json'));
    },
  );

  test('keeps it where variables say', async () => {
    const folders: [HostSettings, Record<string, string>][] = [
      [{ platform: 'linux' }, { XDG_DATA_HOME: join(home, 'data') }],
      [{ platform: 'win32' }, { LOCALAPPDATA: join(home, 'data') }],
    ];
    for (const [settings, env] of folders) {
      expect(
        await placeOf(hostOf({ ...secret, ...env, GRANARY_VAULT: 'work' }, settings)),
      ).toContain(join(home, 'data/granary/vaults/work.vault.json'));
    }
    const named = { GRANARY_VAULT_FOLDER: join(home, 'mine') };
    expect(await placeOf(hostOf({ ...secret, ...named }))).toContain(join(home, 'mine'));
  });

  test('asks for a new passphrase twice, then once', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
    const host = hostOf({}, { isTTY: true, stdin: input });
    const answers = ['.json: ', 'again: '];
    const typing = (async () => {
      for (const prompt of [...answers, 'Passphrase of the vault: ']) {
        while (!host.err().endsWith(prompt)) await new Promise((resolve) => setTimeout(resolve, 5));
        input.write('correct horse\r');
        while (host.err().endsWith(prompt)) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await placeOf(host);
    await placeOf(host);
    await typing;
    expect(host.err().split('\n')).toEqual([
      expect.stringMatching(/^New passphrase for the vault in \S+granary\.vault\.json: $/),
      expect.stringMatching(/^New passphrase .*, again: $/),
      'Passphrase of the vault: ',
      '',
    ]);
  });

  test('asks nobody where there is nobody', async () => {
    await expect(placeOf(hostOf({}))).rejects.toMatchObject({ code: 'permission-denied' });
  });
});
