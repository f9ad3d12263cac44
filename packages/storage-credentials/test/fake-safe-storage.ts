import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

/** What the fake stands in for. */
export interface FakeSafeStorageOptions {
  /** Version of Electron. 38: the methods that answer at once. 42: both. 46: those that answer later. */
  readonly version?: 38 | 42 | 46;
  /** `app` has told that it is ready. Default: true. */
  readonly isReady?: boolean;
  readonly platform?: 'linux' | 'darwin' | 'win32';
  /** On Linux: what `getSelectedStorageBackend` tells. Default: 'gnome_libsecret'. */
  readonly backend?:
    | 'basic_text'
    | 'gnome_libsecret'
    | 'kwallet'
    | 'kwallet5'
    | 'kwallet6'
    | 'unknown';
  /** The keychain lets the application have its key. Default: true. */
  readonly isAvailable?: boolean;
}

/** `safeStorage`, and what its users and their systems do to it. */
export interface FakeSafeStorage {
  readonly safeStorage: Record<string, (...args: never[]) => unknown>;
  /** From now on data of before is still decrypted, and should be encrypted anew. */
  rotateKey(): void;
  /** Another login, or the keychain was reset: nothing of before is decrypted. */
  resetKeys(): void;
  /** How often data was encrypted. */
  readonly encryptions: () => number;
}

/**
 * Electron's `safeStorage` as its documentation has it, strict about arguments:
 * https://www.electronjs.org/docs/latest/api/safe-storage (read 2026-11-21). The methods that answer at once are
 * gone from 46 on; `getSelectedStorageBackend` is there on Linux alone.
 */
export function fakeSafeStorage(options: FakeSafeStorageOptions = {}): FakeSafeStorage {
  const { version = 42, isReady = true, platform = 'linux', isAvailable = true } = options;
  const backend = options.backend ?? 'gnome_libsecret';
  let keys = [newKey()];
  let encryptions = 0;

  function available(): boolean {
    return isReady && isAvailable;
  }
  function encrypt(text: unknown): Buffer {
    if (typeof text !== 'string') throw new TypeError('Error processing argument at index 0');
    if (!available()) throw new Error(`Error while encrypting the text ${text}: not available`);
    encryptions += 1;
    const [key = Buffer.alloc(32)] = keys;
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from('v11'), iv, cipher.getAuthTag(), data]);
  }
  function decrypt(encrypted: unknown): { result: string; shouldReEncrypt: boolean } {
    if (!Buffer.isBuffer(encrypted))
      throw new TypeError('Expected the first argument to be a buffer');
    if (!available()) throw new Error('Error while decrypting the ciphertext: not available');
    for (const [number, key] of keys.entries()) {
      const decipher = createDecipheriv('aes-256-gcm', key, encrypted.subarray(3, 15));
      decipher.setAuthTag(encrypted.subarray(15, 31));
      try {
        const result = Buffer.concat([decipher.update(encrypted.subarray(31)), decipher.final()]);
        return { result: result.toString('utf8'), shouldReEncrypt: number > 0 };
      } catch {
        // Another key.
      }
    }
    throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.');
  }

  return {
    safeStorage: {
      ...(version < 46 && {
        isEncryptionAvailable: available,
        encryptString: encrypt,
        decryptString: (encrypted: never) => decrypt(encrypted).result,
      }),
      ...(version >= 42 && {
        isAsyncEncryptionAvailable: async () => available(),
        encryptStringAsync: async (text: never) => encrypt(text),
        decryptStringAsync: async (encrypted: never) => decrypt(encrypted),
      }),
      ...(platform === 'linux' && {
        getSelectedStorageBackend: () => (isReady ? backend : 'unknown'),
      }),
    },
    rotateKey: () => {
      keys = [newKey(), ...keys];
    },
    resetKeys: () => {
      keys = [newKey()];
    },
    encryptions: () => encryptions,
  };
}

function newKey(): Buffer {
  return scryptSync(randomBytes(16), 'salt', 32, { N: 2 });
}
