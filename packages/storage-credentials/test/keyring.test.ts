import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject, test } from 'vitest';
import { createVault, keyringDriver } from '../src/node.ts';
import { describeVault } from './vault-conformance.ts';

const service = inject('secretService');
if (typeof service === 'string') {
  test('the keychain through @napi-rs/keyring', ({ skip }) => skip(service));
} else {
  // Before the first use: the native part reads them once.
  Object.assign(process.env, service);
  describeVault('the keychain through @napi-rs/keyring', async () => {
    const name = randomUUID();
    const folder = await mkdtemp(join(tmpdir(), 'granary-credentials-'));
    return {
      open: (options) => createVault({ driver: keyringDriver({ name, folder }), ...options }),
      close: () => rm(folder, { recursive: true }),
    };
  });
}
