import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import { CHUNK_PLAIN_BYTES } from '../src/encrypt/layout.ts';
import { type EncryptOptions, withEncrypt } from '../src/encrypt.ts';

vi.setConfig({ testTimeout: 60_000 });

const SCRIPT = fileURLToPath(new URL('./encrypt/granary-encrypted.py', import.meta.url));
const KEY = Uint8Array.from({ length: 32 }, (_, at) => at * 5);
const KEY_HEX = Buffer.from(KEY).toString('hex');
const ATTRIBUTES = {
  contentType: 'image/png',
  metadata: { name: 'Zoë', n: [1, null] },
  tags: ['a', 'b'],
  expiresAt: new Date(4_102_444_800_000),
};

/** Why the other implementation cannot run here. */
function missing(): string | undefined {
  const probe = spawnSync('/usr/bin/python3', ['-c', 'import cryptography']);
  return probe.status === 0 ? undefined : 'needs /usr/bin/python3 with the package "cryptography"';
}

function python(args: readonly string[], input: Uint8Array) {
  const run = spawnSync('/usr/bin/python3', [SCRIPT, ...args], { input, maxBuffer: 2 ** 28 });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  return { output: new Uint8Array(run.stdout), aside: run.stderr.toString() };
}

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 2_654_435_761) >>> 24);
}

const SIZES = [0, 1, 131_016, 131_017, 300_000, CHUNK_PLAIN_BYTES, CHUNK_PLAIN_BYTES + 5];
const SECRETS: readonly (readonly [string, string, Partial<EncryptOptions>, readonly number[]])[] =
  [
    ['a key', KEY_HEX, { key: KEY }, SIZES],
    ['a passphrase', 'pass:correct horse', { passphrase: 'correct horse' }, [140_000]],
  ];

describe('an independent implementation in Python', () => {
  for (const [name, secret, options, sizes] of SECRETS) {
    it(`reads what is written with ${name}`, async ({ skip }) => {
      const reason = missing();
      if (reason !== undefined) skip(reason);
      const below = createMemory.provider();
      const store = withEncrypt(below, { ...options, context: 'photos' });
      for (const size of sizes) {
        await store.put('a/ä', toBody(noise(size)), ATTRIBUTES);
        const { metadata } = await below.stat('a/ä', {});
        const stored = await (await below.get('a/ä', {})).bytes();
        const record = String(metadata?.['granary.encrypted']);
        const { output, aside } = python(['read', secret, 'a/ä', 'photos', record], stored);
        expect(Buffer.compare(output, noise(size))).toBe(0);
        expect(JSON.parse(aside)).toEqual(JSON.parse(JSON.stringify(ATTRIBUTES)));
      }
    });

    it(`writes what is read with ${name}`, async ({ skip }) => {
      const reason = missing();
      if (reason !== undefined) skip(reason);
      const below = createMemory.provider();
      const store = withEncrypt(below, { ...options, context: 'photos' });
      for (const size of sizes) {
        const attributes = JSON.stringify(ATTRIBUTES);
        const { output, aside } = python(
          ['write', secret, 'a/ä', 'photos', attributes],
          noise(size),
        );
        await below.put('a/ä', toBody(output), { metadata: { 'granary.encrypted': aside } });
        const object = await store.get('a/ä', {});
        expect(object.info).toMatchObject({ ...ATTRIBUTES, size });
        expect(Buffer.compare(await object.bytes(), noise(size))).toBe(0);
      }
    });
  }
});
