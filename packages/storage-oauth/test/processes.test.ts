import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createKeyFile, createVault } from '@granary/storage-credentials/node';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createSignIn, loopback, openId } from '../src/node.ts';
import { DESKTOP, type OidcServer, startOidcServer } from './oidc-server.ts';
import { personIn, startChromium } from './person.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./processes/get-token.ts', import.meta.url));
const OPTIONS = ['--conditions', '@granary/source', '--no-warnings'];
/** Time for four processes to start on a busy machine, so that they ask at once. Units: ms. */
const START_MS = 4_000;

let browser: Browser;
let server: OidcServer;
beforeAll(async () => {
  [browser, server] = await Promise.all([startChromium(), startOidcServer()]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.close()]);
});

test('processes that need a token at once refresh once, and share it', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-oauth-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await createKeyFile(join(folder, 'key'));
  await using store = createVault({
    driver: 'file',
    folder,
    file: { keyFile: join(folder, 'key') },
  });
  const context = await browser.newContext();
  const provider = openId({ issuer: server.issuer, clientId: DESKTOP });
  const { open } = personIn(context);
  const auth = createSignIn({ provider, store, flow: loopback({ open }) });
  await auth.signIn();

  const name = { service: `granary-oauth ${provider.id}/${DESKTOP}`, account: 'ann' };
  for (let round = 1; round <= 2; round += 1) {
    const record = JSON.parse((await store.get(name))?.reveal() ?? '');
    await store.set(name, JSON.stringify({ ...record, expiresAt: Date.now() - 1 }));
    const startAt = String(Date.now() + START_MS);
    const args = [...OPTIONS, SCRIPT, server.issuer, DESKTOP, folder, startAt];
    const tokens = await Promise.all(
      Array.from({ length: 4 }, async () => (await run(process.execPath, args)).stdout.trim()),
    );
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).not.toBe(record.accessToken);
    expect(server.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(round);
  }
  // A refresh token that was used twice would have ended the grant.
  expect(server.refusals).toEqual([]);
  expect(server.revoked).toEqual([]);
});
