import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import {
  createVault,
  importFromKeytar,
  keyringDriver,
  keytarDriver,
  keytarSource,
} from '../src/node.ts';
import { buildKeytar, loadKeytar } from './build-keytar.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { describeVault } from './vault-conformance.ts';

const service = inject('secretService');
const built = typeof service === 'string' ? { missing: service } : await buildKeytar();
if (built.missing !== undefined) {
  const reason = built.missing;
  test('the keychain through keytar', ({ skip }) => skip(reason));
} else {
  Object.assign(process.env, service);
  const keytar = loadKeytar(built.folder);
  describeVault('the keychain through keytar', async () => {
    const name = randomUUID();
    const folder = await mkdtemp(join(tmpdir(), 'granary-credentials-'));
    return {
      open: (options) =>
        createVault({ driver: keytarDriver({ name, folder, keytar }), ...options }),
      close: () => rm(folder, { recursive: true }),
    };
  });

  test('what a program stored with keytar is taken over into the other keychain driver', async () => {
    const app = `app-${randomUUID()}`;
    const secrets = { github: 'пароль🔑', 'ann@example.com': 'x'.repeat(5_000) };
    for (const [account, secret] of Object.entries(secrets)) {
      await keytar.setPassword(app, account, secret);
    }
    const folder = await temporaryFolder();
    const driver = keyringDriver({ name: app, folder });
    await using vault = createVault({
      driver,
      alsoRead: [keytarSource({ service: app, keytar })],
    });
    expect((await vault.get(app, 'github'))?.reveal()).toBe('пароль🔑');
    const report = await importFromKeytar(vault, { service: app, keytar });
    expect(report).toMatchObject({ differing: [], failed: [] });
    expect(report.imported).toHaveLength(2);
    expect(await keytar.findCredentials(app)).toEqual([]);
    await using alone = createVault({ driver: keyringDriver({ name: app, folder }) });
    for (const [account, secret] of Object.entries(secrets)) {
      expect((await alone.get(app, account))?.reveal()).toBe(secret);
    }
  });
}
