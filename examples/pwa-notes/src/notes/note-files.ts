import type { StorageEngine } from '@granary/storage/browser';
import { fileKey, freeFileName } from './note.ts';

/** A file that is attached to a note. */
export interface AttachedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly type: string;
}

/** The files of notes: objects of their own, of any size. */
export interface NoteFiles {
  list(id: string): Promise<AttachedFile[]>;
  /** Streams a file in, under its name or one that is free. */
  attach(
    id: string,
    file: File,
    onProgress: (doneBytes: number, totalBytes: number) => void,
  ): Promise<AttachedFile>;
  /** The file. What is large stays with the browser, and is not read into the memory of the page. */
  read(id: string, name: string): Promise<File>;
  remove(id: string, name: string): Promise<void>;
}

/** Makes the files of notes over a storage. */
export function createNoteFiles(storage: StorageEngine): NoteFiles {
  async function list(id: string): Promise<AttachedFile[]> {
    const prefix = fileKey(id, '');
    const items = await storage.list(prefix);
    return Promise.all(
      items.map(async ({ key, size, contentType }) => {
        const name = key.slice(prefix.length);
        if (size !== undefined && contentType !== undefined) {
          return { name, sizeBytes: size, type: contentType };
        }
        const info = await storage.stat(key);
        return { name, sizeBytes: info.size, type: info.contentType ?? '' };
      }),
    );
  }

  return {
    list,

    async attach(id, file, onProgress) {
      const taken = new Set((await list(id)).map(({ name }) => name));
      const name = freeFileName(file.name, taken);
      const { createIfAbsent = false } = storage.getCapabilities();
      const info = await storage.put(fileKey(id, name), file.stream(), {
        size: file.size,
        contentType: file.type === '' ? 'application/octet-stream' : file.type,
        // Another tab may attach a file of this name at the same moment.
        ...(createIfAbsent && { ifNoneMatch: '*' }),
        onProgress: ({ transferredBytes }) => onProgress(transferredBytes, file.size),
      });
      return { name, sizeBytes: info.size, type: info.contentType ?? '' };
    },

    async read(id, name) {
      const object = await storage.get(fileKey(id, name));
      const type = object.info.contentType ?? '';
      // A browser keeps a large response on disk, and a file of it costs no copy.
      const content = await new Response(object.stream()).blob();
      return new File([content], name, { type });
    },

    async remove(id, name) {
      await storage.delete(fileKey(id, name));
    },
  };
}
