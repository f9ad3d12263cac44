import { StorageError } from '../errors/storage-error.ts';

/** How keys are made from passphrases, by the names that applications write. */
export type DerivationName = 'PBKDF2' | 'Argon2id';

/** How one key was made from its passphrase. It is no secret, and stands beside what the key protects. */
export type KeyDerivation =
  | {
      readonly name: 'PBKDF2';
      /** Rounds of HMAC-SHA-256. */
      readonly iterations: number;
      /** 16 random bytes. */
      readonly salt: Uint8Array;
    }
  | {
      readonly name: 'Argon2id';
      readonly memoryKiB: number;
      /** Passes over the memory. */
      readonly iterations: number;
      readonly parallelism: number;
      /** 16 random bytes. */
      readonly salt: Uint8Array;
    };

const SALT_BYTES = 16;
const KEY_BYTES = 32;

/**
 * The most that is computed for numbers that came from a store, whoever wrote them: about ten
 * seconds and 1 GiB on a desktop of 2026.
 */
const MOST = { pbkdf2: 50_000_000, iterations: 100, memoryKiB: 1_048_576, parallelism: 16 };

/**
 * How a new key is to be made: 600,000 rounds of PBKDF2, or Argon2id with 19 MiB in 2 passes, which
 * are OWASP's least (Password Storage Cheat Sheet, read 2026-11-21), and a fresh salt.
 */
export function newKeyDerivation(name: DerivationName): KeyDerivation {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  if (name === 'PBKDF2') return { name, iterations: 600_000, salt };
  return { name, memoryKiB: 19_456, iterations: 2, parallelism: 1, salt };
}

/** Errors: `invalid-data` for numbers that are no derivation, or one that would take far too long. */
export function checkKeyDerivation(derivation: KeyDerivation): void {
  const { name, iterations, salt } = derivation;
  const isFine =
    salt.byteLength === SALT_BYTES &&
    (name === 'PBKDF2'
      ? isWithin(iterations, MOST.pbkdf2)
      : name === 'Argon2id' &&
        isWithin(iterations, MOST.iterations) &&
        isWithin(derivation.parallelism, MOST.parallelism) &&
        isWithin(derivation.memoryKiB, MOST.memoryKiB) &&
        derivation.memoryKiB >= 8 * derivation.parallelism);
  if (isFine) return;
  throw new StorageError(
    'invalid-data',
    'how the key is made from its passphrase is not readable, or would take far too long.',
    { hint: 'It was damaged or changed, or a newer version wrote it.' },
  );
}

/**
 * The AES-256-GCM key of a passphrase, which cannot be exported. The passphrase is taken in Unicode
 * normal form NFKC, so that it is the same from every keyboard. Takes about 70 ms for the numbers of
 * {@link newKeyDerivation}: derive once and keep the key.
 * Errors: `invalid-argument` for an empty passphrase; those of {@link checkKeyDerivation}.
 */
export async function deriveKey(passphrase: string, derivation: KeyDerivation): Promise<CryptoKey> {
  if (typeof passphrase !== 'string' || passphrase === '') {
    throw new StorageError('invalid-argument', 'the passphrase is empty.', {
      hint: 'Give a passphrase, or a key.',
    });
  }
  checkKeyDerivation(derivation);
  const secret = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const bytes =
    derivation.name === 'PBKDF2'
      ? await pbkdf2(secret, derivation)
      : await argon2(secret, derivation);
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  bytes.fill(0);
  secret.fill(0);
  return key;
}

type Pbkdf2 = Extract<KeyDerivation, { readonly name: 'PBKDF2' }>;
type Argon2id = Extract<KeyDerivation, { readonly name: 'Argon2id' }>;
type Bytes = Uint8Array<ArrayBuffer>;

async function pbkdf2(secret: Bytes, { iterations, salt }: Pbkdf2): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
  const settings = { name: 'PBKDF2', hash: 'SHA-256', iterations, salt: salt as Bytes };
  return new Uint8Array(await crypto.subtle.deriveBits(settings, key, KEY_BYTES * 8));
}

async function argon2(secret: Bytes, derivation: Argon2id): Promise<Bytes> {
  const { memoryKiB, iterations, parallelism, salt } = derivation;
  const { argon2id } = await import('hash-wasm');
  const bytes = await argon2id({
    password: secret,
    salt,
    memorySize: memoryKiB,
    iterations,
    parallelism,
    hashLength: KEY_BYTES,
    outputType: 'binary',
  });
  return new Uint8Array(bytes);
}

function isWithin(count: number, most: number): boolean {
  return Number.isSafeInteger(count) && count >= 1 && count <= most;
}
