import { describe, expect, it } from 'vitest';
import type { Bytes, Ciphers, HkdfTerms } from './ciphers.ts';
import { webCiphers } from './ciphers-web.ts';
import { ciphers, ciphersOf } from './runtime-ciphers.ts';

const nonce = new Uint8Array(12).fill(7);
const plain = new Uint8Array(100_000).map((_, at) => at % 251);
const data = Uint8Array.of(1, 2, 3);
const terms: HkdfTerms = {
  hash: 'SHA-256',
  salt: Uint8Array.of(4, 5),
  info: Uint8Array.of(6),
  length: 32,
};

function secret(): Bytes {
  return new Uint8Array(32).map((_, at) => at);
}

/** Everything that some ciphers make of the same keys. */
async function madeBy(some: Ciphers): Promise<readonly Bytes[]> {
  const bytes = secret();
  const root = await some.root(bytes);
  const given = await some.gcm(bytes);
  bytes.fill(0);
  const derived = await root.gcm(terms);
  return [
    await some.sha256(plain),
    await (await root.hmac(terms)).sign(plain),
    await derived.seal(nonce, plain),
    await derived.seal(nonce, plain, data),
    await (await root.gcm({ ...terms, length: 16 })).seal(nonce, new Uint8Array(0), data),
    await given.seal(nonce, plain, data),
  ];
}

describe('ciphers', () => {
  it('make the same of the same keys in Node and in Web Crypto, also when the bytes are wiped', async () => {
    expect(ciphers).not.toBe(webCiphers);
    const [node, web] = await Promise.all([madeBy(ciphers), madeBy(webCiphers)]);
    expect(node.map(toHex)).toEqual(web.map(toHex));
  });

  it.each([
    ['Node', ciphers],
    ['Web Crypto', webCiphers],
  ])('open what was sealed, into memory of its own, by %s', async (_, some) => {
    const key = await some.gcm(secret());
    const sealed = await key.seal(nonce, plain, data);
    expect(sealed.buffer.byteLength).toBe(plain.byteLength + 16);
    const opened = await key.open(nonce, sealed, data);
    expect(toHex(opened)).toBe(toHex(plain));
    expect(opened.buffer.byteLength).toBe(plain.byteLength);
    expect(Object.getPrototypeOf(opened)).toBe(Uint8Array.prototype);
    expect((await key.open(nonce, await key.seal(nonce, new Uint8Array(0)))).byteLength).toBe(0);
  });

  it.each([
    ['Node', ciphers],
    ['Web Crypto', webCiphers],
  ])('refuse what was changed, cut or sealed otherwise, by %s', async (_, some) => {
    const key = await some.gcm(secret());
    const other = await some.gcm(new Uint8Array(32));
    const sealed = await key.seal(nonce, plain, data);
    const flipped = sealed.slice();
    flipped[5] = Number(flipped[5]) ^ 1;
    const attempts = [
      async () => key.open(nonce, flipped, data),
      async () => key.open(nonce, sealed.subarray(1), data),
      async () => key.open(nonce, sealed.subarray(0, -1), data),
      async () => key.open(nonce, sealed.subarray(0, 15), data),
      async () => key.open(nonce, new Uint8Array(0), data),
      async () => key.open(nonce, sealed),
      async () => key.open(new Uint8Array(12), sealed, data),
      async () => other.open(nonce, sealed, data),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toThrow();
  });

  it('takes a CryptoKey that cannot be exported', async () => {
    const usages: KeyUsage[] = ['encrypt', 'decrypt'];
    const key = await crypto.subtle.importKey('raw', secret(), 'AES-GCM', false, usages);
    const sealed = await (await ciphers.gcm(key)).seal(nonce, plain, data);
    const opened = await (await ciphers.gcm(secret())).open(nonce, sealed, data);
    expect(toHex(opened)).toBe(toHex(plain));
  });

  it('are those of Web Crypto where nothing else is, and in Bun and Deno', () => {
    const { process } = globalThis;
    for (const runtime of [{}, { process: {} }, { process, Bun: {} }, { process, Deno: {} }]) {
      expect(ciphersOf(runtime)).toBe(webCiphers);
    }
  });
});

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
