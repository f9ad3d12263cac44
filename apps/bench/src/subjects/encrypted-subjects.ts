import { defineSubject, type StoreSubject } from '../harness/subject.ts';
import { granaryStore } from './granary-store.ts';
import { rawWebCrypto, webCryptoOver } from './raw-web-crypto.ts';

/*
 * Who keeps content encrypted in a folder in memory, each with a key that is there already: making a
 * key of a passphrase takes the same time for all of them, once.
 */

const KIB = 1024;
const KEY_BYTES = 32;

const granaryEncrypted: StoreSubject = defineSubject({
  id: 'granary-encrypted',
  title: 'Granary fs, encrypted',
  kind: 'granary',
  durability: 'B',
  note: 'AES-256-GCM; bound to its key',
  can: ['streams', 'range'],
  async open(folder) {
    const [{ createFileSystem }, { createEncrypted }] = await Promise.all([
      import('@granary/storage-fs'),
      import('@granary/storage-layers/encrypt'),
    ]);
    const underlying = createFileSystem({ baseDir: folder, durability: 'none' });
    const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
    return granaryStore(createEncrypted({ underlying, key }));
  },
});

/** Segments of the size that Granary's have. */
const rawSmall = rawWebCrypto('raw-128k', 'Web Crypto + node:fs, segments of 128 KiB', {
  segmentBytes: 128 * KIB,
});

const rawLarge = rawWebCrypto('raw-1m', 'Web Crypto + node:fs, segments of 1 MiB', {
  segmentBytes: KIB * KIB,
});

/** What an application does by hand that has no layer: the same store, and the bare calls. */
const byHand: StoreSubject = defineSubject({
  id: 'granary-by-hand',
  title: 'Granary fs, Web Crypto by hand, segments of 128 KiB',
  kind: 'raw',
  durability: 'B',
  note: 'no header, bound to nothing; no ranges',
  can: ['streams'],
  async open(folder) {
    const { createFileSystem } = await import('@granary/storage-fs');
    const storage = createFileSystem({ baseDir: folder, durability: 'none' });
    return webCryptoOver(storage, { segmentBytes: 128 * KIB });
  },
});

const age: StoreSubject = defineSubject({
  id: 'age',
  title: 'age-encryption 0.3',
  kind: 'peer',
  durability: 'B',
  note: 'ChaCha20-Poly1305 in JavaScript; a format, no store',
  can: ['streams'],
  open: async (folder) => (await import('../peers/age.ts')).openAge(folder),
});

const filesSdk: StoreSubject = defineSubject({
  id: 'files-sdk',
  title: 'files-sdk 2.6 fs, encryption',
  kind: 'peer',
  durability: 'B',
  note: 'the whole body in memory; no ranges',
  can: ['streams'],
  open: async (folder) => (await import('../peers/files-sdk.ts')).openFilesSdkEncrypted(folder),
});

export const encryptedSubjects: readonly StoreSubject[] = [
  granaryEncrypted,
  rawSmall,
  rawLarge,
  byHand,
  age,
  filesSdk,
];

/** The peers read no ranges. */
export const encryptedRangeSubjects: readonly StoreSubject[] = [granaryEncrypted, rawSmall];
