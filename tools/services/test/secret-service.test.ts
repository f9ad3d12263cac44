import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { type SecretService, startSecretService } from '../src/index.ts';

const run = promisify(execFile);
const LOGIN = '/org/freedesktop/secrets/collection/login';

async function isLocked({ variables }: SecretService): Promise<boolean> {
  const { stdout } = await run('dbus-send', [
    `--bus=${variables['DBUS_SESSION_BUS_ADDRESS']}`,
    ...['--print-reply', '--dest=org.freedesktop.secrets', LOGIN],
    'org.freedesktop.DBus.Properties.Get',
    ...['string:org.freedesktop.Secret.Collection', 'string:Locked'],
  ]);
  return stdout.includes('boolean true');
}

async function ownEnvironment(): Promise<{ env: NodeJS.ProcessEnv; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, env: { PATH: process.env['PATH'], TMPDIR: folder } };
}

test('starts a service with an unlocked collection, locks it, and leaves nothing when it stops', async () => {
  const { env, folder } = await ownEnvironment();
  const service = await startSecretService({ env });
  for (const name of ['HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR']) {
    expect(service.variables[name]).toContain(folder);
  }
  expect(await isLocked(service)).toBe(false);
  await service.lock();
  expect(await isLocked(service)).toBe(true);
  await service.stop();
  await service.stop();
  await expect(isLocked(service)).rejects.toThrow();
  expect(await readdir(folder)).toEqual([]);
});

test('two services know nothing of each other', async () => {
  const { env } = await ownEnvironment();
  const services = await Promise.all([startSecretService({ env }), startSecretService({ env })]);
  onTestFinished(async () => {
    await Promise.all(services.map((service) => service.stop()));
  });
  await services[0]?.lock();
  expect(await Promise.all(services.map(isLocked))).toEqual([true, false]);
});

test('names what is missing and the packages that bring it', async () => {
  const { env } = await ownEnvironment();
  await expect(startSecretService({ env: { ...env, PATH: '/nowhere' } })).rejects.toThrow(
    'apt-get install -y --no-install-recommends dbus gnome-keyring',
  );
});
