import { pbkdf2Sync } from 'node:crypto';
import { argon2id } from 'hash-wasm';
import { describe, expect, test } from 'vitest';
import {
  checkKeyDerivation,
  deriveKey,
  type KeyDerivation,
  newKeyDerivation,
} from './derive-key.ts';

const salt = new Uint8Array(16).map((_, at) => at);
const quick: KeyDerivation = { name: 'PBKDF2', iterations: 1000, salt };
const quickArgon: KeyDerivation = {
  name: 'Argon2id',
  memoryKiB: 64,
  iterations: 2,
  parallelism: 2,
  salt,
};

/** What only who holds the same key can read. */
async function fingerprint(key: CryptoKey): Promise<string> {
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(16));
  return Buffer.from(sealed).toString('hex');
}

async function keyOf(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(bytes), 'AES-GCM', false, ['encrypt']);
}

describe('deriveKey', () => {
  test('makes the key that another implementation of PBKDF2 makes', async () => {
    const wanted = pbkdf2Sync('correct horse', salt, 1000, 32, 'sha256');
    const key = await deriveKey('correct horse', quick);
    expect(await fingerprint(key)).toBe(await fingerprint(await keyOf(wanted)));
    expect(key.extractable).toBe(false);
  });

  test('makes the key that Argon2id makes', async () => {
    const wanted = await argon2id({
      password: 'correct horse',
      salt,
      memorySize: 64,
      iterations: 2,
      parallelism: 2,
      hashLength: 32,
      outputType: 'binary',
    });
    const key = await deriveKey('correct horse', quickArgon);
    expect(await fingerprint(key)).toBe(await fingerprint(await keyOf(wanted)));
  });

  test('makes one key of a passphrase however its letters were typed', async () => {
    const composed = await deriveKey('caf\u00e9', quick);
    const decomposed = await deriveKey('cafe\u0301', quick);
    expect(await fingerprint(composed)).toBe(await fingerprint(decomposed));
  });

  test('makes another key with another salt, and of another passphrase', async () => {
    const keys = await Promise.all([
      deriveKey('a', quick),
      deriveKey('b', quick),
      deriveKey('a', { ...quick, salt: new Uint8Array(16) }),
    ]);
    expect(new Set(await Promise.all(keys.map(fingerprint))).size).toBe(3);
  });

  test('refuses an empty passphrase', async () => {
    await expect(deriveKey('', quick)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('checkKeyDerivation', () => {
  test.each<[string, Partial<KeyDerivation>]>([
    ['no rounds', { iterations: 0 }],
    ['half a round', { iterations: 1.5 }],
    ['rounds that take hours', { iterations: 50_000_001 }],
    ['a short salt', { salt: new Uint8Array(8) }],
    ['another name', { name: 'scrypt' } as unknown as Partial<KeyDerivation>],
  ])('refuses %s', (_, changes) => {
    const derivation = { ...quick, ...changes } as KeyDerivation;
    expect(() => checkKeyDerivation(derivation)).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });

  test.each([
    { memoryKiB: 1_048_577 },
    { memoryKiB: 15 },
    { parallelism: 17 },
    { iterations: 101 },
  ])('refuses Argon2id with %o', (changes) => {
    expect(() => checkKeyDerivation({ ...quickArgon, ...changes })).toThrow('far too long');
  });
});

test('newKeyDerivation takes fresh salt, and numbers that are accepted', () => {
  for (const name of ['PBKDF2', 'Argon2id'] as const) {
    const [one, two] = [newKeyDerivation(name), newKeyDerivation(name)];
    expect(one.salt).not.toEqual(two.salt);
    expect(() => checkKeyDerivation(one)).not.toThrow();
  }
});
