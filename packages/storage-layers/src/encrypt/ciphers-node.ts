import { type Bytes, type Ciphers, type GcmKey, type HkdfTerms, TAG_BYTES } from './ciphers.ts';
import { webCiphers } from './ciphers-web.ts';

/** A key as Node keeps it, outside of JavaScript. */
export interface NodeKey {
  readonly symmetricKeySize?: number;
}

interface NodeCipher {
  setAAD(data: Uint8Array): void;
  update(data: Uint8Array): Uint8Array<ArrayBuffer>;
  final(): Uint8Array<ArrayBuffer>;
  getAuthTag(): Uint8Array<ArrayBuffer>;
  setAuthTag(tag: Uint8Array): void;
}

interface NodeDigest {
  update(data: Uint8Array): NodeDigest;
  digest(): Uint8Array<ArrayBuffer>;
}

/** What is used of `node:crypto`. */
export interface NodeCrypto {
  createSecretKey(bytes: Uint8Array): NodeKey;
  createHash(name: string): NodeDigest;
  createHmac(name: string, key: NodeKey): NodeDigest;
  createCipheriv(name: string, key: NodeKey, nonce: Uint8Array): NodeCipher;
  createDecipheriv(name: string, key: NodeKey, nonce: Uint8Array, options: object): NodeCipher;
  hkdfSync(
    digest: string,
    key: NodeKey,
    salt: Uint8Array,
    info: Uint8Array,
    length: number,
  ): ArrayBuffer;
}

/**
 * `node:crypto`, which computes at once. A segment of 128 KiB takes a twentieth of a millisecond; a turn of
 * Web Crypto's threads costs the main thread more than that, in promises and in work for the collector.
 */
export function nodeCiphers(node: NodeCrypto): Ciphers {
  return {
    // Each is made at once.
    inFlight: 1,
    sha256: (data) => plainView(node.createHash('sha256').update(data).digest()),
    root(bytes) {
      const root = secretKey(bytes);
      return {
        gcm: (terms) => nodeGcmKey(derive(root, terms)),
        hmac(terms) {
          const key = derive(root, terms);
          return {
            sign: (data) => plainView(node.createHmac('sha256', key).update(data).digest()),
          };
        },
      };
    },
    // A CryptoKey may be one that cannot be exported.
    gcm: (key) => (ArrayBuffer.isView(key) ? nodeGcmKey(secretKey(key)) : webCiphers.gcm(key)),
  };

  /** Node copies the bytes. */
  function secretKey(bytes: Uint8Array): NodeKey {
    return node.createSecretKey(bytes);
  }

  function derive(root: NodeKey, { hash, salt, info, length }: HkdfTerms): NodeKey {
    const bytes = new Uint8Array(
      node.hkdfSync(hash.replace('-', '').toLowerCase(), root, salt, info, length),
    );
    const key = secretKey(bytes);
    bytes.fill(0);
    return key;
  }

  function nodeGcmKey(key: NodeKey): GcmKey {
    const name = `aes-${Number(key.symmetricKeySize) * 8}-gcm`;
    return {
      seal(nonce, plain, data) {
        const cipher = node.createCipheriv(name, key, nonce);
        if (data !== undefined) cipher.setAAD(data);
        const sealed = new Uint8Array(plain.byteLength + TAG_BYTES);
        const made = cipher.update(plain);
        sealed.set(made);
        release(made);
        cipher.final();
        sealed.set(cipher.getAuthTag(), plain.byteLength);
        return sealed;
      },
      open(nonce, sealed, data) {
        const end = Math.max(0, sealed.byteLength - TAG_BYTES);
        const decipher = node.createDecipheriv(name, key, nonce, { authTagLength: TAG_BYTES });
        if (data !== undefined) decipher.setAAD(data);
        decipher.setAuthTag(sealed.subarray(end));
        const plain = decipher.update(sealed.subarray(0, end));
        // Throws when the tag is not that of the bytes: nothing was handed out before.
        decipher.final();
        return plainView(plain);
      },
    };
  }
}

/** Gives memory back that nobody has but us: the collector would let much of it gather first. */
function release({ buffer, byteLength }: Bytes): void {
  // What is a part of more is not ours alone.
  if (buffer.byteLength === byteLength) structuredClone(undefined, { transfer: [buffer] });
}

/** Node's bytes without the methods of its `Buffer`. */
function plainView({ buffer, byteOffset, byteLength }: Bytes): Bytes {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
