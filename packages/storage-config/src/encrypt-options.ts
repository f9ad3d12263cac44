import { StorageError } from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import {
  type EncryptOptions,
  type KeyProvider,
  keyChain,
  type PassphraseOptions,
  passphraseKeys,
  singleKey,
  vaultKeys,
} from '@granary/storage-layers/encrypt';

const KEY_BYTES = 32;
/** Name of the key that is used where the file names none. */
const DEFAULT_KEY = 'storage';

/** Where a file says that a key is: one of them. */
interface WrittenKey {
  readonly key?: string;
  readonly passphrase?: string;
  readonly vault?: string;
}

/** What a file says of encryption. */
type WrittenOptions = WrittenKey &
  Omit<EncryptOptions, 'key'> & { readonly older?: readonly WrittenKey[] };

/** Options of the layer from those of a file. Errors: `invalid-config`, which shows no key. */
export function toEncryption(
  options: Readonly<Record<string, unknown>>,
  vault: Vault | undefined,
): EncryptOptions {
  const {
    key: _key,
    passphrase: _passphrase,
    vault: _name,
    older = [],
    ...rest
  } = options as WrittenOptions;
  const { keyDerivation } = rest.encryption ?? {};
  const current = keysOf(options, vault, {
    isOnly: older.length === 0,
    ...(keyDerivation !== undefined && { keyDerivation }),
  });
  const others = older.map((written) => keysOf(written, vault));
  return { ...rest, keyProvider: others.length === 0 ? current : keyChain(current, ...others) };
}

function keysOf(
  { key, passphrase, vault: name = DEFAULT_KEY }: WrittenKey,
  vault: Vault | undefined,
  passphraseOptions: PassphraseOptions = {},
): KeyProvider {
  if (key !== undefined) return singleKey(toKey(String(key)));
  if (passphrase !== undefined) return passphraseKeys(passphrase, passphraseOptions);
  if (vault === undefined) {
    throw new StorageError('invalid-config', 'there is no vault that has the key.', {
      hint: 'Give key or passphrase, or pass a vault to storageLayers.',
    });
  }
  return vaultKeys(vault, name);
}

function toKey(text: string): Uint8Array {
  const bytes = fromBase64(text.trim());
  if (bytes?.byteLength === KEY_BYTES) return bytes;
  throw new StorageError(
    'invalid-config',
    `the option "key" is not ${KEY_BYTES} bytes in base64.`,
    {
      hint: 'Make one: openssl rand -base64 32. Or use passphrase, or vault with the name of a key there.',
    },
  );
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
