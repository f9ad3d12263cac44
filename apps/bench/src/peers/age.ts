import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Store } from '../harness/subject.ts';
import { CHUNK_BYTES } from './byte-views.ts';

/** age-encryption between a file and a file, as its README shows for streams. It stores nothing itself. */
export async function openAge(folder: string): Promise<Store> {
  const identity = await generateX25519Identity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const pathOf = (key: string) => join(folder, key.replaceAll('/', '-'));
  let temporaries = 0;

  return {
    async put(key, bytes) {
      const temporary = join(folder, `.tmp-${temporaries++}`);
      await writeFile(temporary, await encrypter.encrypt(bytes));
      await rename(temporary, pathOf(key));
    },
    get: async (key) => decrypter.decrypt(await readFile(pathOf(key))),
    delete: (key) => unlink(pathOf(key)),
    async putFile(key, file) {
      const temporary = join(folder, `.tmp-${temporaries++}`);
      const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      const sealed = await encrypter.encrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>);
      await pipeline(sealed, createWriteStream(temporary, { highWaterMark: CHUNK_BYTES }));
      await rename(temporary, pathOf(key));
    },
    async getFile(key, file) {
      const source = createReadStream(pathOf(key), { highWaterMark: CHUNK_BYTES });
      const plain = await decrypter.decrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>);
      await pipeline(plain, createWriteStream(file, { highWaterMark: CHUNK_BYTES }));
    },
  };
}
