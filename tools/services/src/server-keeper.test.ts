import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepServer } from './server-keeper.ts';

let temporary = '';

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  vi.stubEnv('TMPDIR', temporary);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

test('keeps a server until its input ends', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const kept = keepServer('azure', input, output);
  const [line] = await once(output, 'data');
  const { endpoint } = JSON.parse(String(line)).facts;
  expect((await fetch(endpoint)).status).toBeLessThan(500);
  input.end();
  await kept;
  await expect(fetch(endpoint)).rejects.toThrow();
  expect(await readdir(temporary)).toEqual([]);
});

test('ends a server that nobody waits for any more once it has started', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end();
  output.destroy(new Error('nobody reads'));
  await keepServer('azure', input, output);
  expect(await readdir(temporary)).toEqual([]);
});

test('tells that there is no such server', async () => {
  const output = new PassThrough();
  await keepServer('ftp', new PassThrough(), output);
  expect(JSON.parse(String(output.read()))).toEqual({ error: "There is no server 'ftp'." });
});

test('tells why a server did not start', async () => {
  vi.stubEnv('PATH', '/nowhere');
  const output = new PassThrough();
  await keepServer('s3', new PassThrough(), output);
  expect(JSON.parse(String(output.read())).error).toContain('The S3 server needs radosgw');
});
