import { randomUUID } from 'node:crypto';
import { StorageError } from '@granary/storage-core';
import type { StoredDerivation } from '../key-derivation.ts';
import { isSealed, openText, type Sealed, sealText } from '../sealed-bytes.ts';

/** How the vault's key is kept: sealed under one that comes from a passphrase or a key file. */
export interface KeySlot {
  /** `{ name: 'key-file' }`, or how the passphrase becomes a key. */
  readonly derivation: StoredDerivation;
  readonly sealed: Sealed;
}

/**
 * What stands in the file, as JSON. `index` and each of `entries` are sealed with the vault's key: AES-256-GCM,
 * a random nonce each. The index holds the names and says which entry is whose; it is bound to the vault and
 * its revision, each entry to the vault, its own random id and its name. So nothing can be changed, swapped
 * or left out; the whole file can be put back to an earlier state.
 */
export interface VaultFile {
  readonly format: 'granary-vault';
  readonly version: 1;
  /** Random: tells this vault from others. */
  readonly id: string;
  /** Counts the changes. */
  readonly revision: number;
  readonly key: KeySlot;
  readonly index: Sealed;
  readonly entries: Readonly<Record<string, Sealed>>;
}

/** Id of its entry, by name. */
export type FileIndex = ReadonlyMap<string, string>;

export const KEY_FILE = 'key-file';
const FORMAT = 'granary-vault';
const VERSION = 1;

/** What the vault's key is sealed for: the header, which cannot be changed without notice. */
export function keyPlace(id: string, derivation: StoredDerivation): string {
  return `${FORMAT}:${VERSION}:key:${id}:${JSON.stringify(Object.entries(derivation).toSorted())}`;
}

/** Errors: `invalid-data`. */
export function parseVaultFile(text: string, path: string): VaultFile {
  const file = parse(text);
  if (file?.format !== FORMAT)
    throw unreadable(path, 'it is no vault of this package, or damaged.');
  if (file.version !== VERSION) {
    throw unreadable(
      path,
      `it has version ${Number(file.version)} of the format, which this one does not know.`,
    );
  }
  const { id, revision, key, index, entries } = file;
  const isWhole =
    typeof id === 'string' &&
    Number.isSafeInteger(revision) &&
    typeof key?.derivation?.['name'] === 'string' &&
    isSealed(key.sealed) &&
    isSealed(index) &&
    Object.values(entries ?? [undefined]).every(isSealed);
  if (!isWhole) throw unreadable(path, 'parts of it are missing.');
  return file as VaultFile;
}

/** An empty vault. */
export async function newVaultFile(id: string, slot: KeySlot, key: CryptoKey): Promise<VaultFile> {
  const revision = 1;
  const index = await sealIndex(key, id, revision, new Map());
  return { format: FORMAT, version: VERSION, id, revision, key: slot, index, entries: {} };
}

/** Errors: `corrupted`. */
export async function readIndex(file: VaultFile, key: CryptoKey): Promise<FileIndex> {
  const { id, revision, index } = file;
  const text = await openText(key, index, indexPlace(id, revision));
  return new Map(Object.entries(JSON.parse(text) as Readonly<Record<string, string>>));
}

/** Errors: `corrupted`. */
export async function readEntry(
  file: VaultFile,
  key: CryptoKey,
  name: string,
  entryId: string,
): Promise<string> {
  const sealed = file.entries[entryId];
  if (sealed !== undefined) return openText(key, sealed, entryPlace(file.id, entryId, name));
  throw new StorageError('corrupted', 'a secret was cut out of the file.', {
    hint: 'Restore the file from a backup.',
  });
}

/** The file with an entry set, or removed where there is no text. */
export async function changeEntry(
  file: VaultFile,
  key: CryptoKey,
  name: string,
  text: string | undefined,
): Promise<VaultFile> {
  const index = new Map(await readIndex(file, key));
  const { [index.get(name) ?? '']: _before, ...others } = file.entries;
  const entries: Record<string, Sealed> = others;
  index.delete(name);
  if (text !== undefined) {
    const entryId = randomUUID();
    index.set(name, entryId);
    entries[entryId] = await sealText(key, text, entryPlace(file.id, entryId, name));
  }
  const revision = file.revision + 1;
  return { ...file, revision, entries, index: await sealIndex(key, file.id, revision, index) };
}

function sealIndex(
  key: CryptoKey,
  id: string,
  revision: number,
  index: FileIndex,
): Promise<Sealed> {
  return sealText(key, JSON.stringify(Object.fromEntries(index)), indexPlace(id, revision));
}

function indexPlace(id: string, revision: number): string {
  return `${FORMAT}:${VERSION}:index:${id}:${revision}`;
}

function entryPlace(id: string, entryId: string, name: string): string {
  return `${FORMAT}:${VERSION}:entry:${id}:${entryId}:${name}`;
}

type Loose = { readonly [Field in keyof VaultFile]?: unknown } & {
  readonly key?: Partial<KeySlot>;
  readonly entries?: Readonly<Record<string, unknown>>;
};

function parse(text: string): Loose | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Loose) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(path: string, reason: string): StorageError {
  return new StorageError('invalid-data', `${path} cannot be read: ${reason}`, {
    outcome: 'not-applied',
    hint: 'It was left as it is. Restore it from a backup, or name another file.',
  });
}
