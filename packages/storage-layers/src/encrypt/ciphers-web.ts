import type { Bytes, Ciphers, GcmKey, HkdfTerms, HmacKey } from './ciphers.ts';

/** Web Crypto, as every runtime has it. No key can be exported. */
export const webCiphers: Ciphers = {
  inFlight: 8,
  async sha256(data) {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', data as Bytes));
  },
  async root(bytes) {
    const { subtle } = crypto;
    const key = await subtle.importKey('raw', bytes as Bytes, 'HKDF', false, ['deriveKey']);
    const derive = (
      { hash, salt, info }: HkdfTerms,
      kind: AesDerivedKeyParams | HmacKeyGenParams,
      usages: KeyUsage[],
    ) => {
      const by = { name: 'HKDF', hash, salt: salt as Bytes, info: info as Bytes };
      return subtle.deriveKey(by, key, kind, false, usages);
    };
    return {
      async gcm(terms) {
        const kind = { name: 'AES-GCM', length: terms.length * 8 };
        return gcmKey(await derive(terms, kind, ['encrypt', 'decrypt']));
      },
      async hmac(terms) {
        const kind = { name: 'HMAC', hash: 'SHA-256', length: terms.length * 8 };
        return hmacKey(await derive(terms, kind, ['sign']));
      },
    };
  },
  gcm(key) {
    if (!ArrayBuffer.isView(key)) return gcmKey(key);
    const usages: KeyUsage[] = ['encrypt', 'decrypt'];
    return crypto.subtle.importKey('raw', key as Bytes, 'AES-GCM', false, usages).then(gcmKey);
  },
};

function hmacKey(key: CryptoKey): HmacKey {
  return {
    async sign(data) {
      return new Uint8Array(await crypto.subtle.sign('HMAC', key, data as Bytes));
    },
  };
}

function gcmKey(key: CryptoKey): GcmKey {
  const by = (iv: Uint8Array, data: Uint8Array | undefined): AesGcmParams => ({
    name: 'AES-GCM',
    iv: iv as Bytes,
    ...(data !== undefined && { additionalData: data as Bytes }),
  });
  return {
    async seal(nonce, plain, data) {
      return new Uint8Array(await crypto.subtle.encrypt(by(nonce, data), key, plain as Bytes));
    },
    async open(nonce, sealed, data) {
      return new Uint8Array(await crypto.subtle.decrypt(by(nonce, data), key, sealed as Bytes));
    },
  };
}
