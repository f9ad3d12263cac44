import { Keyv } from 'keyv';
import { KeyvFile } from 'keyv-file';
import type { Store } from '../harness/subject.ts';
import { asBuffer } from './byte-views.ts';

function toStore(keyv: Keyv): Store {
  return {
    put: (key, bytes) => keyv.set(key, asBuffer(bytes)),
    async get(key) {
      return (await keyv.get(key)) as Uint8Array;
    },
    delete: (key) => keyv.delete(key),
    close: () => keyv.disconnect(),
  };
}

/** keyv-file, one file per key: base64 in JSON, in place. */
export function openKeyvFile(folder: string): Store {
  return toStore(new Keyv({ store: new KeyvFile({ filename: folder, separatedFile: true }) }));
}

export function openKeyvMemory(): Store {
  return toStore(new Keyv());
}
