import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyFile, createVault, fileDriver } from '../src/node.ts';
import { describeVault } from './vault-conformance.ts';

describeVault('an encrypted file with a key file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-credentials-'));
  const path = join(folder, 'vault.json');
  const keyFile = join(folder, 'key');
  await createKeyFile(keyFile);
  return {
    open: (options) => createVault({ driver: fileDriver({ path, keyFile }), ...options }),
    raw: () => readFile(path, 'utf8'),
    close: () => rm(folder, { recursive: true }),
  };
});

describeVault('an encrypted file with a passphrase', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-credentials-'));
  const path = join(folder, 'vault.json');
  const passphrase = randomBytes(9).toString('base64');
  return {
    open: (options) => createVault({ driver: fileDriver({ path, passphrase }), ...options }),
    raw: () => readFile(path, 'utf8'),
    close: () => rm(folder, { recursive: true }),
  };
});
