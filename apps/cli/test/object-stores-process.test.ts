import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import './fixtures/google-tokens.ts';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { type FaultProxy, startFaultProxy } from '@granary/storage-conformance/fault-proxy';
import { createGcs } from '@granary/storage-gcs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  addressOf,
  GOOGLE_TOKENS,
  type ObjectStores,
  type Scheme,
  startObjectStores,
  urlVia,
} from './object-stores.ts';
import { type ProcessResult, startGranary, until } from './spawn-granary.ts';

const MIB = 2 ** 20;
/** Six parts of 8 MiB and one byte, or eight of 6 MiB and one byte. */
const BIG_BYTES = 48 * MIB + 1;
/** So many parts arrive before the trouble begins. */
const ARRIVING = 3;
const BUCKET = 'large';
const PEAK_MEMORY: string = join(import.meta.dirname, 'fixtures/peak-memory.ts');

/** A service, and the requests that send parts to it. */
interface Service {
  readonly scheme: Scheme;
  readonly isPart: (request: { readonly method: string; readonly path: string }) => boolean;
  readonly partBytes: number;
  /** How many parts are on their way when none can arrive anymore. */
  readonly inFlight: number;
  /** Requests of the same kind that complete the upload. */
  readonly completing?: number;
  /** Sessions that were begun and not ended. */
  readonly pending: (stores: ObjectStores) => Promise<number>;
}

const SERVICES: readonly Service[] = [
  {
    scheme: 's3',
    isPart: ({ method, path }) => method === 'PUT' && path.includes('partNumber='),
    partBytes: 8 * MIB,
    inFlight: 4,
    pending: async ({ s3 }) =>
      (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads?.length ??
      0,
  },
  {
    scheme: 'az',
    isPart: ({ method, path }) => method === 'PUT' && /[?&]comp=block(&|$)/.test(path),
    partBytes: 8 * MIB,
    inFlight: 4,
    pending: async ({ azure }) => {
      const blobs = azure.client.getContainerClient(BUCKET);
      const names: string[] = [];
      const listing = blobs.listBlobsFlat({ includeUncommitedBlobs: true });
      for await (const { name } of listing) names.push(name);
      return names.filter((name) => name !== 'big.bin').length;
    },
  },
  {
    scheme: 'gs',
    isPart: ({ method, path }) => method === 'PUT' && path.includes('partNumber='),
    partBytes: 8 * MIB,
    inFlight: 4,
    async pending({ gcs, env }) {
      vi.stubEnv('TEST_GOOGLE_TOKENS', env['TEST_GOOGLE_TOKENS']);
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', env['GOOGLE_APPLICATION_CREDENTIALS']);
      await using store = createGcs({ bucket: BUCKET, endpoint: gcs.url });
      const uploads = await Array.fromAsync(store.uploads());
      vi.unstubAllEnvs();
      return uploads.length;
    },
  },
  {
    scheme: 'supabase',
    isPart: ({ method }) => method === 'PATCH',
    partBytes: 6 * MIB,
    inFlight: 1,
    completing: 1,
    pending: async ({ supabase }) => supabase.pendingUploads().length,
  },
];

let stores: ObjectStores;
let root = '';
let work = '';
let proxies: FaultProxy[] = [];

beforeAll(async () => {
  stores = await startObjectStores();
  await stores.addBucket(BUCKET);
});
afterAll(async () => {
  await stores[Symbol.asyncDispose]();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-cli-'));
  work = join(root, 'work');
  mkdirSync(work);
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  proxies = [];
  rmSync(root, { recursive: true, force: true });
});

const start = (words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startGranary(words, work, { env: { ...stores.env, ...env }, node: GOOGLE_TOKENS });
const granary = (...words: readonly string[]): Promise<ProcessResult> => start(words).ended;

const journalFolder = (): string => join(root, 'state/granary/transfers');
const journals = (): string[] => readdirSync(journalFolder());

async function proxyTo(target: string): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ target });
  proxies.push(proxy);
  return proxy;
}

/** Runs the program, and measures how long it stays after its last word. Units: ms. */
async function timed(
  words: readonly string[],
): Promise<ProcessResult & { readonly lateMs: number }> {
  const { child, ended } = start(words);
  let spokeAt = Date.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', () => {
      spokeAt = Date.now();
    });
  }
  const result = await ended;
  return { ...result, lateMs: Date.now() - spokeAt };
}

describe.each(SERVICES)('a large upload to $scheme', ({ scheme, isPart, ...service }) => {
  test('goes on after kill -9 with the parts that are missing', async () => {
    const big = randomBytes(BIG_BYTES);
    writeFileSync(join(work, 'big.bin'), big);
    const proxy = await proxyTo(addressOf(stores, scheme));
    const to = urlVia(stores, scheme, proxy.url, `${BUCKET}/big.bin`);

    const begun = new Set<string>();
    let count = 0;
    proxy.set({
      // Whoever waits that long is still there when it is killed.
      ...{ kind: 'status', status: 503, retryAfter: 15 },
      match: (request) => {
        if (!isPart(request)) return false;
        count += 1;
        if (count > ARRIVING) begun.add(request.path);
        return count > ARRIVING;
      },
    });
    const { child, ended } = start(['cp', 'big.bin', to]);
    await until(() => begun.size === service.inFlight);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    expect(await service.pending(stores)).toBe(1);
    const [journal = ''] = journals();
    const text = readFileSync(join(journalFolder(), journal), 'utf8');
    for (const secret of stores.secrets) expect(text).not.toContain(secret);

    const sent: string[] = [];
    proxy.set({
      kind: 'refuse',
      match: (request) => {
        if (isPart(request)) sent.push(request.path);
        return false;
      },
    });
    const again = await granary('cp', 'big.bin', to);
    expect({ code: again.code, err: again.err }).toMatchObject({ code: 0 });
    const missing = Math.ceil(BIG_BYTES / service.partBytes) - ARRIVING;
    expect(sent).toHaveLength(missing + (service.completing ?? 0));
    expect(await service.pending(stores)).toBe(0);
    expect((await granary('get', to, 'back.bin')).code).toBe(0);
    expect(Buffer.compare(readFileSync(join(work, 'back.bin')), big)).toBe(0);
    expect(journals()).toEqual([]);
  }, 30_000);
});

describe.each(SERVICES)('the program with $scheme', ({ scheme }) => {
  test('ends when it is done, and closes what it opened', async () => {
    writeFileSync(join(work, 'small.txt'), 'text');
    const proxy = await proxyTo(addressOf(stores, scheme));
    const to = urlVia(stores, scheme, proxy.url, `${BUCKET}/small.txt`);
    const copied = await timed(['cp', 'small.txt', to]);
    expect(copied.code).toBe(0);
    expect(copied.lateMs).toBeLessThan(3000);
    const listed = await timed(['cat', to]);
    expect(listed.out).toBe('text');
    expect(listed.lateMs).toBeLessThan(3000);
    await until(() => proxy.openConnections() === 0);
  });

  test('ends with Ctrl+C although the service says nothing', async () => {
    writeFileSync(join(work, 'small.txt'), 'text');
    const proxy = await proxyTo(addressOf(stores, scheme));
    proxy.set({ kind: 'stall', where: 'before', match: ({ method }) => method !== 'POST' });
    const words = ['cp', 'small.txt', urlVia(stores, scheme, proxy.url, `${BUCKET}/never.txt`)];
    const { child, ended } = start(words);
    await until(() => proxy.hits() > 0);
    const interruptedAt = Date.now();
    child.kill('SIGINT');
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).not.toContain('error');
    expect(Date.now() - interruptedAt).toBeLessThan(5000);
    await until(() => proxy.openConnections() === 0);
  });
});

describe('a large copy', () => {
  const LARGE = 256 * MIB;

  /** Runs the program and returns the most memory that it had. Units: bytes. */
  async function peakOf(words: readonly string[]): Promise<number> {
    const file = join(root, 'peak');
    const node = [...GOOGLE_TOKENS, '--import', PEAK_MEMORY];
    const env = { ...stores.env, TEST_PEAK_MEMORY: file };
    const { code, err } = await startGranary(words, work, { env, node }).ended;
    expect({ code, err }).toMatchObject({ code: 0 });
    return Number(readFileSync(file, 'utf8')) * 1024;
  }

  test('streams between services, and within a bucket its bytes never come here', async () => {
    const file = join(work, 'large.bin');
    writeFileSync(file, 'a');
    truncateSync(file, LARGE);
    const idle = await peakOf(['ls', `s3://${BUCKET}`]);
    await peakOf(['cp', 'large.bin', `s3://${BUCKET}/large.bin`]);
    const across = await peakOf(['cp', `s3://${BUCKET}/large.bin`, `az://${BUCKET}/large.bin`]);
    expect(across - idle).toBeLessThan(LARGE * 0.75);

    const proxy = await proxyTo(stores.s3.service.endpoint);
    const seen: string[] = [];
    proxy.set({
      kind: 'refuse',
      match: ({ method, path }) => {
        seen.push(`${method} ${path.split('?')[0]}`);
        return false;
      },
    });
    const query = `?endpoint=${proxy.url}`;
    const within = await peakOf([
      'cp',
      `s3://${BUCKET}/large.bin${query}`,
      `s3://${BUCKET}/copy.bin${query}`,
    ]);
    expect(within - idle).toBeLessThan(LARGE / 4);
    expect(seen).not.toContain(`GET /${BUCKET}/large.bin`);
    expect(seen.filter((line) => line === `PUT /${BUCKET}/copy.bin`)).toHaveLength(1);
    const checked = await granary('stat', '--json', `s3://${BUCKET}/copy.bin`);
    expect(JSON.parse(checked.out)).toMatchObject({ size: LARGE });
  }, 60_000);
});
