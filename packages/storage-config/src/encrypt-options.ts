import { StorageError } from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import { type EncryptOptions, vaultKeys } from '@granary/storage-layers/encrypt';

const KEY_BYTES = 32;
/** Name of the key that is used where the file names none. */
const DEFAULT_KEY = 'storage';

/** What a file says of keys. */
interface WrittenKeys {
  readonly key?: string;
  readonly passphrase?: string;
  readonly vault?: string;
}

/** Options of the layer from those of a file. Errors: `invalid-config`, which shows no key. */
export function toEncryption(
  options: Readonly<Record<string, unknown>>,
  vault: Vault | undefined,
): EncryptOptions {
  const { key, vault: name = DEFAULT_KEY, ...rest } = options as WrittenKeys & EncryptOptions;
  if (key !== undefined) return { ...rest, key: toKey(String(key)) };
  if (rest.passphrase !== undefined) return rest;
  if (vault === undefined) {
    throw new StorageError('invalid-config', 'there is no vault that has the key.', {
      hint: 'Give key or passphrase, or pass a vault to storageLayers.',
    });
  }
  return { ...rest, keyProvider: vaultKeys(vault, name) };
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
