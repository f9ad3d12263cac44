import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openServer } from './open-server.ts';
import { azurite } from './servers/azurite.ts';
import { ceph } from './servers/ceph.ts';
import { clamd } from './servers/clamd.ts';
import { secretService } from './servers/secret-service.ts';
import type { Server } from './servers/server.ts';

let temporary = '';

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

test.each([ceph, azurite])('starts and ends: $title', async (server) => {
  const open = await openServer(server);
  const endpoint = String(open.facts['endpoint']);
  expect((await fetch(endpoint)).status).toBeLessThan(500);
  await open.stop();
  await expect(fetch(endpoint)).rejects.toThrow();
  expect(await readdir(temporary)).toEqual([]);
});

test.each([clamd, secretService])('starts and ends: $title', async (server) => {
  const open = await openServer(server);
  expect(Object.values(open.facts).every((fact) => fact !== '')).toBe(true);
  await open.stop();
  expect(await readdir(temporary)).toEqual([]);
});

test('tells why a server does not start with the last lines of its logs, and leaves nothing', async () => {
  const broken: Server = {
    title: 'The broken server',
    logs: 'log',
    async start(folder, processes) {
      await mkdir(join(folder, 'log'));
      await writeFile(join(folder, 'log', 'broken.log'), 'first\nport in use\n');
      processes.start(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
      await processes.run(process.execPath, ['-e', 'process.exit(1)']);
      return {};
    },
  };
  await expect(openServer(broken)).rejects.toThrow(
    /^The broken server did not start\. .* ended with 1: \nbroken\.log: first\nbroken\.log: port in use$/,
  );
  expect(await readdir(temporary)).toEqual([]);
});

test('tells why a server without logs does not start', async () => {
  const start = async () => Promise.reject('no luck');
  await expect(openServer({ title: 'It', start })).rejects.toThrow('It did not start. no luck');
  const withoutFolder: Server = { title: 'It', logs: 'log', start };
  await expect(openServer(withoutFolder)).rejects.toThrow('It did not start. no luck');
});

test('names the programs that are missing before anything is started', async () => {
  const server: Server = {
    title: 'The other server',
    programs: ['sh', 'no-such-program'],
    packages: ['no-such-package'],
    start: async () => ({}),
  };
  await expect(openServer(server)).rejects.toThrow(
    'The other server needs no-such-program, not found on the path. On Debian and Ubuntu:\n' +
      '  apt-get install -y --no-install-recommends no-such-package',
  );
  await expect(
    openServer({ title: 'It', programs: ['sh'], start: server.start }, {}),
  ).rejects.toThrow('It needs sh');
  expect(await readdir(temporary)).toEqual([]);
});
