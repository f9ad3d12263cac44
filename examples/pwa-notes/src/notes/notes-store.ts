import { isStorageError, type StorageEngine, type StorageItem } from '@granary/storage/browser';
import {
  folderOf,
  fromBody,
  NOTES_PREFIX,
  type Note,
  type NoteSummary,
  noteKey,
  placeOf,
  toBody,
  toMetadata,
  toSummary,
} from './note.ts';
import { parseSearch, toQuery } from './search-query.ts';

/** What a listing tells: notes, and the names of the files that are attached to them. */
export interface StoredPage {
  readonly notes: readonly NoteSummary[];
  readonly files: readonly { readonly id: string; readonly name: string }[];
}

/** A note with the identity of the write that was read. */
export interface StoredNote {
  readonly note: Note;
  readonly etag: string;
}

/** A note that was deleted, and can be brought back. */
export interface RemovedNote extends StoredNote {
  /** The note with its mark. Absent where there was no room for one: then the note itself is gone, and only this has it. */
  readonly marked?: NoteSummary;
}

/** What somebody changed, here or in another tab. */
export type NoteChange =
  | { readonly kind: 'note' | 'gone'; readonly id: string }
  | { readonly kind: 'file'; readonly id: string; readonly name: string; readonly isGone: boolean }
  /** More than can be told one by one: list again. */
  | { readonly kind: 'all' };

/** Over how many notes a batch went. */
export interface BatchReport {
  readonly saved: number;
  /** The first error, where there was one. */
  readonly error?: Error;
}

/** Notes in a storage, whichever it is. */
export interface NotesStore {
  walk(): AsyncIterable<StoredPage>;
  load(id: string): Promise<StoredNote>;
  /** What the list shows of a note. Nothing where there is no such note. */
  summary(id: string): Promise<NoteSummary | undefined>;
  /**
   * Saves a note over the write that is known, or as a new one where none is.
   * Errors: `precondition-failed` when it was changed meanwhile. `etag: 'any'` saves over whatever is there.
   */
  save(note: Note, etag: string | undefined): Promise<NoteSummary>;
  /**
   * Marks a note as deleted, so that every tab can bring it back. In a full storage, where the mark has
   * no room, the note itself is deleted; its files stay until it is purged.
   */
  remove(id: string, now: Date): Promise<RemovedNote>;
  /** Brings back what was removed. */
  restore(removed: RemovedNote): Promise<NoteSummary>;
  /** Deletes a note and its files for good, if it is still marked. Returns whether it did. */
  purge(id: string): Promise<boolean>;
  /** The ids of notes that match what was typed, as they are found; `undefined` when that is all of them. */
  search(typed: string, signal: AbortSignal): AsyncIterable<readonly string[]> | undefined;
  saveMany(notes: readonly Note[], onProgress: (done: number) => void): Promise<BatchReport>;
  /** All notes with their texts, in pages. */
  readAll(): AsyncIterable<readonly Note[]>;
  /** Tells of changes, notes that this store saves left out, until the returned function is called. Nothing where the storage cannot tell. */
  watch(
    onChange: (change: NoteChange) => void,
    onError: (error: unknown) => void,
  ): Promise<(() => Promise<void>) | undefined>;
}

/** Notes per batch: enough to be quick, few enough to show how far it is. */
const BATCH = 500;

/** Makes the store of notes over a storage. */
export function createNotesStore(storage: StorageEngine): NotesStore {
  async function write(note: Note, etag: string | undefined, deletedAt?: Date) {
    const { createIfAbsent = false, replaceIfMatch = false } = storage.getCapabilities();
    const isNew = etag === undefined && createIfAbsent;
    const isKnown = etag !== undefined && etag !== 'any' && replaceIfMatch;
    const metadata = toMetadata(note, deletedAt);
    const info = await storage.save(noteKey(note.id), toBody(note), {
      tags: note.tags,
      metadata,
      ...(isNew && { ifNoneMatch: '*' }),
      ...(isKnown && { ifMatch: etag }),
    });
    return summaryOf({ ...info, metadata, tags: note.tags });
  }

  async function loadWith(id: string) {
    const { value, info } = await storage.loadItem<string, string>(noteKey(id));
    return { summary: summaryOf(info), note: noteOf(summaryOf(info), value), etag: info.etag };
  }

  async function* walk(): AsyncGenerator<StoredPage, void, undefined> {
    const { listAttributes = false } = storage.getCapabilities();
    const listing = storage.list({
      prefix: NOTES_PREFIX,
      ...(listAttributes && { include: ['attributes'] }),
    });
    for await (const { entries } of listing.pages()) {
      const known = listAttributes
        ? entries
        : await Promise.all(entries.map((entry) => withAttributes(storage, entry)));
      yield pageOf(known);
    }
  }

  return {
    walk,

    async load(id) {
      const { note, etag } = await loadWith(id);
      return { note, etag };
    },

    async summary(id) {
      try {
        return toSummary(await storage.stat(noteKey(id)));
      } catch (error) {
        if (isStorageError(error, 'not-found')) return undefined;
        throw error;
      }
    },

    save: (note, etag) => write(note, etag),

    async remove(id, now) {
      const { note, etag } = await loadWith(id);
      try {
        return { note, etag, marked: await write(note, etag, now) };
      } catch (error) {
        if (!isStorageError(error, 'quota-exceeded')) throw error;
      }
      const { deleteIfMatch = false } = storage.getCapabilities();
      await storage.delete(noteKey(id), deleteIfMatch ? { ifMatch: etag } : {});
      return { note, etag };
    },

    restore: ({ note, marked }) => write(note, marked?.etag),

    async purge(id) {
      const { deleteIfMatch = false } = storage.getCapabilities();
      const info = await storage.stat(noteKey(id)).catch((error: unknown) => {
        if (isStorageError(error, 'not-found')) return undefined;
        throw error;
      });
      if (info !== undefined) {
        if (toSummary(info)?.deletedAt === undefined) return false;
        await storage.delete(noteKey(id), deleteIfMatch ? { ifMatch: info.etag } : {});
      }
      const { failed } = await storage.clear(folderOf(id));
      if (failed[0] !== undefined) throw failed[0].error;
      return true;
    },

    search(typed, signal) {
      const query = toQuery(parseSearch(typed));
      if (query === undefined) return undefined;
      return idsOf(storage.search(query, { signal }).pages());
    },

    async saveMany(notes, onProgress) {
      let saved = 0;
      for (let start = 0; start < notes.length; start += BATCH) {
        const results = await storage.saveMany(
          notes.slice(start, start + BATCH).map((note) => ({
            key: noteKey(note.id),
            value: toBody(note),
            tags: note.tags,
            metadata: toMetadata(note),
          })),
        );
        for (const result of results) {
          if (!result.ok) return { saved, error: result.error };
          saved += 1;
        }
        onProgress(saved);
      }
      return { saved };
    },

    async *readAll() {
      for await (const { notes } of walk()) {
        const kept = notes.filter(({ deletedAt }) => deletedAt === undefined);
        const results = await storage.loadMany(kept.map(({ id }) => noteKey(id)));
        yield results.flatMap((result, index) => {
          const summary = kept[index];
          // What was deleted between the listing and now is no part of an export.
          if (!result.ok && isStorageError(result.error, 'not-found')) return [];
          if (!result.ok) throw result.error;
          return summary === undefined ? [] : [noteOf(summary, String(result.value))];
        });
      }
    },

    async watch(onChange, onError) {
      if (storage.getCapabilities().watch !== true) return undefined;
      const watcher = await storage.watch({ prefix: NOTES_PREFIX });
      const listen = async () => {
        for await (const event of watcher) {
          const change = changeOf(event);
          // Who saves a note knows it already.
          const isKnown = change.kind === 'note' && 'isOwn' in event && event.isOwn === true;
          if (!isKnown) onChange(change);
        }
      };
      listen().catch(onError);
      return () => watcher.close();
    },
  };
}

async function withAttributes(storage: StorageEngine, entry: StorageItem): Promise<StorageItem> {
  return placeOf(entry.key)?.fileName === undefined
    ? { kind: 'item', ...(await storage.stat(entry.key)) }
    : entry;
}

function pageOf(entries: readonly StorageItem[]): StoredPage {
  const files = entries.flatMap(({ key }) => {
    const place = placeOf(key);
    return place?.fileName === undefined ? [] : [{ id: place.id, name: place.fileName }];
  });
  return { notes: entries.flatMap((entry) => toSummary(entry) ?? []), files };
}

async function* idsOf(
  pages: AsyncIterable<{ readonly entries: readonly StorageItem[] }>,
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const { entries } of pages) {
    yield entries.flatMap(({ key }) => placeOf(key)?.id ?? []);
  }
}

function noteOf(summary: NoteSummary, body: string): Note {
  const { id, tags, createdAt, changedAt } = summary;
  return { id, ...fromBody(body), tags, createdAt, changedAt };
}

/** The summary of a note that was just read or written. */
function summaryOf(info: Omit<StorageItem, 'kind'>): NoteSummary {
  const summary = toSummary(info);
  if (summary === undefined) throw new Error(`"${info.key}" is no note of this application.`);
  return summary;
}

function changeOf(event: { readonly type: string; readonly key?: string }): NoteChange {
  const place = event.key === undefined ? undefined : placeOf(event.key);
  const isGone = event.type === 'delete';
  if (place === undefined || (event.type !== 'put' && !isGone)) return { kind: 'all' };
  if (place.fileName === undefined) return { kind: isGone ? 'gone' : 'note', id: place.id };
  return { kind: 'file', id: place.id, name: place.fileName, isGone };
}
