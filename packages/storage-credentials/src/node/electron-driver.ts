import { resolve } from 'node:path';
import { StorageError } from '@granary/storage-core';
import { fromBase64, toBase64 } from '../base64.ts';
import type { VaultDriver } from '../vault-driver.ts';
import { workQueue } from '../work-queue.ts';
import { atomicFile } from './atomic-file.ts';

/**
 * The part of Electron's `safeStorage` that is used: the methods that answer later where it has them
 * (those that answer at once are gone from version 46 on), else the others.
 * https://www.electronjs.org/docs/latest/api/safe-storage (read 2026-11-21)
 */
export interface SafeStorage {
  isEncryptionAvailable?(): boolean;
  encryptString?(text: string): Uint8Array;
  // A method, so that Electron's, which takes a Buffer, fits.
  decryptString?(encrypted: Uint8Array): string;
  isAsyncEncryptionAvailable?(): Promise<boolean>;
  encryptStringAsync?(text: string): Promise<Uint8Array>;
  decryptStringAsync?(
    encrypted: Uint8Array,
  ): Promise<{ readonly result: string; readonly shouldReEncrypt: boolean }>;
  /** On Linux only. */
  getSelectedStorageBackend?(): string;
}

/** Where encrypted texts are kept, when it is no file: one text, replaced as a whole. */
export interface TextStorage {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Options of the driver over Electron's `safeStorage`. */
export interface ElectronDriverOptions {
  /** `import { safeStorage } from 'electron'`, in the main process. */
  readonly safeStorage: SafeStorage;
  /** A file, best below `app.getPath('userData')`. This or `storage` is needed. */
  readonly file?: string;
  /** Another place for the encrypted texts, which no other process changes. */
  readonly storage?: TextStorage;
  /**
   * Goes on where Linux has no secret store and Electron encrypts with a password that everybody
   * knows. That protects from nothing. Default: false.
   */
  readonly allowBasicText?: boolean;
  /** Default: this system's. */
  readonly platform?: string;
}

/** Encrypted texts as base64, by entry. */
type Texts = Readonly<Record<string, string>>;

const VERSION = 1;
const PLAIN_BACKEND = 'basic_text';

/** Keeps secrets in a file, encrypted by Electron with a key that the system keeps for the application. */
export function electronDriver(options: ElectronDriverOptions): VaultDriver {
  const { safeStorage, allowBasicText = false, platform = process.platform } = options;
  const place = placeOf(options);
  /** Entries whose key has changed since; they are encrypted anew with the next write. */
  const outdated = new Set<string>();
  let isPlain = false;

  async function load(): Promise<Texts> {
    const text = await place.read();
    return text === undefined ? {} : parse(text);
  }

  async function seal(text: string): Promise<string> {
    try {
      const bytes = await (safeStorage.encryptStringAsync?.(text) ??
        safeStorage.encryptString?.(text));
      if (bytes !== undefined) return toBase64(bytes);
    } catch {
      // Its error may quote what was to be encrypted.
    }
    throw new StorageError('unavailable', 'Electron cannot encrypt now.', {
      outcome: 'not-applied',
      hint: 'Unlock the keychain of the system, and try again.',
    });
  }

  async function open(entry: string, sealed: string): Promise<string> {
    const bytes = fromBase64(sealed);
    if (bytes !== undefined) {
      try {
        const encrypted = Buffer.from(bytes);
        const answer = await safeStorage.decryptStringAsync?.(encrypted);
        if (answer?.shouldReEncrypt) outdated.add(entry);
        const text = answer?.result ?? safeStorage.decryptString?.(encrypted);
        if (text !== undefined) return text;
      } catch {
        // As above.
      }
    }
    throw new StorageError('permission-denied', 'Electron cannot decrypt what is stored.', {
      outcome: 'not-applied',
      hint: 'The keychain may be locked, or the file comes from another user or machine. It was left as it is.',
    });
  }

  async function change(entry: string, text: string | undefined): Promise<boolean> {
    const texts = new Map(Object.entries(await load()));
    const existed = texts.delete(entry);
    if (text !== undefined) texts.set(entry, await seal(text));
    outdated.delete(entry);
    for (const other of outdated) {
      const sealed = texts.get(other);
      if (sealed !== undefined) texts.set(other, await seal(await open(other, sealed)));
    }
    if (existed || text !== undefined) {
      const entries = Object.fromEntries(texts);
      await place.write(JSON.stringify({ format: 'granary-electron', version: VERSION, entries }));
      outdated.clear();
    }
    return existed;
  }

  return {
    specVersion: 1,
    name: 'electron',
    describe: () => ({
      place: place.title,
      protectsAgainst: isPlain
        ? []
        : ['other users of this machine', 'whoever takes the file without the login of this user'],
      doesNotProtectAgainst: [
        ...(isPlain
          ? [
              'anybody who can read the file: this system has no secret store, and Electron uses a fixed password',
            ]
          : []),
        ...(platform === 'darwin' ? [] : ['other programs of the same user']),
        'code in the main process of this application',
        'the names of the credentials being read, which are not encrypted',
      ],
    }),
    async open() {
      const isAvailable = await (safeStorage.isAsyncEncryptionAvailable?.() ??
        safeStorage.isEncryptionAvailable?.());
      if (!isAvailable) {
        throw new StorageError('unavailable', 'Electron has no encryption on this system yet.', {
          hint: 'Wait for app.whenReady(); on Linux a secret store has to be installed and unlocked.',
        });
      }
      const backend = platform === 'linux' ? safeStorage.getSelectedStorageBackend?.() : undefined;
      if (backend === 'unknown') {
        throw new StorageError('unavailable', 'Electron has not chosen a secret store yet.', {
          hint: 'Wait for app.whenReady().',
        });
      }
      isPlain = backend === PLAIN_BACKEND;
      if (isPlain && !allowBasicText) {
        throw new StorageError(
          'unavailable',
          'this system has no secret store, so Electron would encrypt with a password that everybody knows.',
          {
            retryable: false,
            hint: 'Install gnome-keyring or KWallet, use the encrypted file, or set allowBasicText to go without protection.',
          },
        );
      }
    },
    async read(entry) {
      const texts = await load();
      const sealed = Object.hasOwn(texts, entry) ? texts[entry] : undefined;
      return sealed === undefined ? undefined : open(entry, sealed);
    },
    async write(entry, text) {
      await change(entry, text);
    },
    remove: (entry) => change(entry, undefined),
    entries: async () => Object.keys(await load()),
    exclusively: (work) => place.exclusively(work),
  };
}

interface Place extends TextStorage {
  readonly title: string;
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
}

function placeOf({ file, storage, platform }: ElectronDriverOptions): Place {
  if (file !== undefined && storage === undefined) {
    const path = resolve(file);
    const { read, replace, exclusively } = atomicFile({ path, ...(platform && { platform }) });
    return { title: path, read, write: replace, exclusively };
  }
  if (storage !== undefined && file === undefined) {
    const queue = workQueue();
    return {
      title: 'the storage that the program gives',
      read: () => storage.read(),
      write: (text) => storage.write(text),
      exclusively: (work) => queue(work),
    };
  }
  throw new StorageError('invalid-config', 'the driver needs a file or a storage, and not both.', {
    hint: "Give file: join(app.getPath('userData'), 'secrets.json').",
  });
}

function parse(text: string): Texts {
  try {
    const { format, version, entries } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const texts = Object.values(entries ?? { missing: 0 });
    if (
      format === 'granary-electron' &&
      version === VERSION &&
      texts.every((one) => typeof one === 'string')
    ) {
      return entries as Texts;
    }
  } catch {
    // Damaged; told below.
  }
  throw new StorageError('invalid-data', 'the file of the secrets cannot be read.', {
    outcome: 'not-applied',
    hint: 'It is damaged, of another program, or of a newer version. It was left as it is.',
  });
}
