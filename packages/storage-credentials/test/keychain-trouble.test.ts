import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSecretService } from '@granary-tools/services';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { type BuiltKeytar, buildKeytar } from './build-keytar.ts';
import { type CallSettings, runCalls } from './run-calls.ts';
import { temporaryFolder } from './temporary-folder.ts';

const service = inject('secretService');
const isMissing = typeof service === 'string';
const variables = typeof service === 'string' ? {} : service;
const built: BuiltKeytar = isMissing ? { missing: service } : await buildKeytar();
/** Of Debian's package dbus. */
const BUS = 'dbus-daemon';
const NO_BUS = {
  DBUS_SESSION_BUS_ADDRESS: undefined,
  DISPLAY: undefined,
  XDG_RUNTIME_DIR: '/nowhere',
};

/** A session bus that nobody offers a keychain on. */
async function startBareBus(): Promise<Readonly<Record<string, string>>> {
  const folder = await temporaryFolder();
  const config = join(folder, 'bus.conf');
  const address = `unix:path=${join(folder, 'bus')}`;
  await writeFile(
    config,
    `<busconfig><type>session</type><listen>${address}</listen><policy context="default">
      <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
    </policy></busconfig>`,
  );
  const args = [`--config-file=${config}`, '--nofork', '--nopidfile', '--print-address'];
  const bus = spawn(BUS, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void bus.kill('SIGKILL'));
  await once(bus.stdout, 'data');
  return { DBUS_SESSION_BUS_ADDRESS: address };
}

if (isMissing) test('a keychain in trouble', ({ skip }) => skip(service));
if (!isMissing && built.missing !== undefined) {
  const reason = built.missing;
  test('a keychain in trouble, through keytar', ({ skip }) => skip(reason));
}

describe.skipIf(isMissing).each(['keyring', 'keytar'] as const)('%s', (driver) => {
  const isBuilt = driver === 'keyring' || built.missing === undefined;

  async function settingsFor(calls: CallSettings['calls']): Promise<CallSettings> {
    const folder = await temporaryFolder();
    const keytarFolder = built.missing === undefined ? built.folder : '';
    return { driver, folder, keytarFolder, calls };
  }

  test.runIf(isBuilt)('a locked keychain does not look like an empty one', async () => {
    const own = await startSecretService();
    onTestFinished(own.stop);
    const before = await settingsFor([
      ['set', 'github', 'hunter2'],
      ['key', 'data'],
    ]);
    expect(await runCalls(before, own.variables)).toMatchObject([
      { value: null },
      { value: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    await own.lock();
    const calls = [
      ['get', 'github'],
      ['has', 'github'],
      ['set', 'github', 'hunter3'],
      ['delete', 'github'],
      ['list'],
      ['key', 'data'],
    ] as const;
    const results = await runCalls({ ...before, calls }, own.variables);
    expect(results).toHaveLength(calls.length);
    for (const { error } of results) {
      expect(error).toMatchObject({
        code: 'permission-denied',
        hint: expect.stringMatching(/Unlock the keychain/),
      });
      expect(JSON.stringify(error)).not.toContain('hunter');
    }
  });

  test.runIf(isBuilt)('without a bus it is unavailable, with what to do', async () => {
    const settings = await settingsFor([['get', 'github'], ['set', 'a', 'hunter2'], ['list']]);
    const results = await runCalls(settings, NO_BUS);
    expect(results).toHaveLength(3);
    for (const { error } of results) {
      expect(error).toMatchObject({
        code: 'unavailable',
        hint: expect.stringMatching(/use the encrypted file/),
      });
    }
  });

  test.runIf(isBuilt)('on a bus without a keychain it is unavailable', async () => {
    const settings = await settingsFor([['get', 'github'], ['set', 'a', 'b'], ['list']]);
    const results = await runCalls(settings, await startBareBus());
    expect(results).toHaveLength(3);
    for (const { error } of results) {
      expect(error).toMatchObject({
        code: 'unavailable',
        hint: expect.stringContaining('use the encrypted file'),
      });
    }
  });

  test.runIf(isBuilt)('processes that start at once get one data key', async () => {
    const settings = await settingsFor([['key', 'data']]);
    const name = `race-${driver}-${process.pid}`;
    const results = await Promise.all(
      Array.from({ length: 4 }, () => runCalls({ ...settings, name }, variables)),
    );
    const keys = new Set(results.map(([result]) => result?.value));
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

test.skipIf(built.missing !== undefined)('neither package stumbles over the other', async () => {
  const own = await startSecretService();
  onTestFinished(own.stop);
  const folder = await temporaryFolder();
  const keytarFolder = built.missing === undefined ? built.folder : '';
  const calls = [['set', 'github', 'x'], ['list']] as const;
  for (const driver of ['keyring', 'keytar', 'keyring'] as const) {
    const results = await runCalls({ driver, folder, keytarFolder, calls }, own.variables);
    expect(results[1]).toEqual({ value: [{ service: 'github' }] });
  }
});

describe.skipIf(isMissing)('a vault whose driver is not named', () => {
  test('takes the keychain', async () => {
    const folder = await temporaryFolder();
    const file = { passphrase: 'a passphrase' };
    const settings: CallSettings = { driver: 'auto', folder, file, calls: [['getInfo']] };
    const [info] = await runCalls({ ...settings, name: 'auto' }, variables);
    expect(info?.value).toMatchObject({
      driver: 'keyring',
      reason: expect.stringMatching(/^Chosen first/),
    });
    // The file would be another, empty vault now.
    const calls: CallSettings['calls'] = [['get', 'github']];
    const [later] = await runCalls({ ...settings, name: 'auto', calls }, NO_BUS);
    expect(later?.error).toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/was made with the driver 'keyring'/),
    });
  });

  test('falls to the encrypted file only where it was given', async () => {
    const folder = await temporaryFolder();
    const calls: CallSettings['calls'] = [
      ['set', 'github', 'hunter2'],
      ['get', 'github'],
      ['getInfo'],
    ];
    const [refused] = await runCalls({ driver: 'auto', folder, calls }, NO_BUS);
    expect(refused?.error).toMatchObject({
      code: 'unavailable',
      hint: expect.stringMatching(/give the encrypted file/),
    });
    const file = { passphrase: 'a passphrase' };
    const results = await runCalls({ driver: 'auto', folder, file, calls }, NO_BUS);
    expect(results[1]).toEqual({ value: 'hunter2' });
    expect(results[2]?.value).toMatchObject({
      driver: 'file',
      reason: expect.stringMatching(/because stronger ones cannot be used.*@napi-rs\/keyring/),
    });
    // A keychain that comes later does not take it over in silence.
    const later = await runCalls(
      { driver: 'auto', folder, file, calls: calls.slice(1) },
      variables,
    );
    expect(later[0]).toEqual({ value: 'hunter2' });
    expect(later[1]?.value).toMatchObject({ driver: 'file' });
  });
});
