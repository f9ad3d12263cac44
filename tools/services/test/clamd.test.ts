import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { type ClamdService, startClamd } from '../src/index.ts';

async function ownEnvironment(): Promise<{ env: NodeJS.ProcessEnv; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, env: { PATH: process.env['PATH'], TMPDIR: folder } };
}

/** Sends content to be scanned, as `INSTREAM` of clamd(8) has it. */
async function scan({ host, port }: ClamdService, content: string): Promise<string> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  socket.write(Buffer.concat([Buffer.from('zINSTREAM\0'), length, bytes, Buffer.alloc(4)]));
  return text(socket);
}

test('starts a scanner that finds the test file, and leaves nothing when it stops', async () => {
  const { env, folder } = await ownEnvironment();
  const service = await startClamd({ env });
  expect(await scan(service, 'nothing to see')).toBe('stream: OK\0');
  expect(await scan(service, service.infected)).toBe(`stream: ${service.signature} FOUND\0`);
  expect(await scan(service, 'x'.repeat(service.maxStreamBytes + 1))).toContain('size limit');
  await service.stop();
  await service.stop();
  await expect(scan(service, 'a')).rejects.toThrow('ECONNREFUSED');
  expect(await readdir(folder)).toEqual([]);
});

test('names what is missing and the packages that bring it', async () => {
  const { env } = await ownEnvironment();
  await expect(startClamd({ env: { ...env, PATH: '/nowhere' } })).rejects.toThrow(
    'apt-get install -y --no-install-recommends clamav-daemon',
  );
});
