import type { FileHandle, StorageEngine } from '../contract/engine.ts';

/** One object of an engine by name. Makes no request. */
export function fileHandle<Value>(engine: StorageEngine, key: string): FileHandle<Value> {
  return {
    key,
    name: key.slice(key.lastIndexOf('/') + 1),
    exists: (options) => engine.exists(key, options),
    stat: (options) => engine.stat(key, options),
    load: (options) => engine.load(key, options),
    save: (value, options) => engine.save(key, value, options),
    get: (options) => engine.get(key, options),
    put: (body, options) => engine.put(key, body, options),
    bytes: async (options) => (await engine.get(key, options)).bytes(),
    text: async (options) => (await engine.get(key, options)).text(),
    stream: async (options) => (await engine.get(key, options)).stream(),
    update: (change, options) => engine.update(key, change, options),
    setMetadata: (patch, options) => engine.setMetadata(key, patch, options),
    async copyTo(target, options) {
      await engine.copy(key, target, options);
      return fileHandle(engine, target);
    },
    async moveTo(target, options) {
      await engine.move(key, target, options);
      return fileHandle(engine, target);
    },
    delete: (options) => engine.delete(key, options),
    presign: (options) => engine.presign(key, options),
    publicUrl: () => engine.publicUrl(key),
  };
}
