import type { NoteCollection } from '../notes/note-collection.ts';
import type { NoteChange, NotesStore } from '../notes/notes-store.ts';

/** What {@link watchNotes} works by. */
export interface WatchNotesOptions {
  readonly store: NotesStore;
  readonly notes: NoteCollection;
  /** Reads the list anew. */
  readonly reload: () => Promise<void>;
  /** Some notes changed; those whose ids are given were written or are gone. */
  readonly onChanged: (ids: ReadonlySet<string>) => void;
  readonly onError: (error: unknown) => void;
  /** Changes are taken together for this long. Units: ms. Default: 50. */
  readonly gatherMs?: number;
}

/** More changes at once than this are read by listing. */
const ONE_BY_ONE = 100;

/**
 * Keeps the collection true while other tabs write, and tells what changed. Where the storage cannot
 * watch, the list is read anew whenever the page comes to the front. Returns what ends it.
 */
export async function watchNotes(options: WatchNotesOptions): Promise<() => Promise<void>> {
  const { store, notes, reload, onChanged, onError, gatherMs = 50 } = options;
  let gathered: NoteChange[] = [];
  let timer = 0;

  async function take(): Promise<void> {
    const changes = gathered;
    gathered = [];
    timer = 0;
    try {
      const ids = new Set(changes.flatMap((change) => (change.kind === 'all' ? [] : [change.id])));
      if (changes.some(({ kind }) => kind === 'all') || ids.size > ONE_BY_ONE)
        return await reload();
      for (const change of changes) {
        if (change.kind !== 'file') continue;
        if (change.isGone) notes.removeFile(change.id, change.name);
        else notes.addFile(change.id, change.name);
      }
      const summaries = await Promise.all([...ids].map((id) => store.summary(id)));
      for (const [index, id] of [...ids].entries()) {
        const summary = summaries[index];
        if (summary === undefined) notes.remove(id);
        else notes.put(summary);
      }
      onChanged(ids);
    } catch (error) {
      onError(error);
    }
  }

  const stop = await store.watch((change) => {
    gathered.push(change);
    if (timer === 0) timer = window.setTimeout(() => void take(), gatherMs);
  }, onError);
  if (stop !== undefined) {
    return async () => {
      clearTimeout(timer);
      await stop();
    };
  }

  const look = () => {
    if (document.visibilityState === 'visible') reload().catch(onError);
  };
  document.addEventListener('visibilitychange', look);
  return async () => document.removeEventListener('visibilitychange', look);
}
