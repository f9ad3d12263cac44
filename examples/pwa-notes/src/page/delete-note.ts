import type { Drafts } from '../notes/drafts.ts';
import { isEmpty } from '../notes/note.ts';
import type { NoteCollection } from '../notes/note-collection.ts';
import type { NoteFiles } from '../notes/note-files.ts';
import type { NotesStore, RemovedNote } from '../notes/notes-store.ts';
import type { Editor, OpenNote } from './editor.ts';
import type { Notices } from './notices.ts';

/** Deletes notes, and brings them back. */
export interface NoteDeletion {
  /** Deletes the note in the editor, and offers to undo that. */
  removeOpen(): Promise<void>;
  /** Deletes a note that is marked for good. */
  purge(id: string): Promise<void>;
}

/** What {@link createNoteDeletion} works by. */
export interface NoteDeletionOptions {
  readonly store: NotesStore;
  readonly files: NoteFiles;
  readonly drafts: Drafts;
  readonly notes: NoteCollection;
  readonly editor: Editor;
  readonly notices: Notices;
  readonly now: () => Date;
  /** The note is no longer in the editor. */
  readonly onClosed: () => void;
  /** A stored note is back: opens it. */
  readonly onBack: (id: string) => void;
  /** What was unsaved is in the editor again. */
  readonly onOpened: (id: string) => void;
  /** The collection has changed. */
  readonly onChanged: () => void;
}

/** A deleted note: what the storage had of it, and what the editor had beyond that. */
interface Deleted {
  readonly id: string;
  readonly removed: RemovedNote | undefined;
  readonly unsaved: OpenNote | undefined;
}

/** Makes what deletes notes. */
export function createNoteDeletion(options: NoteDeletionOptions): NoteDeletion {
  const { store, files, drafts, notes, editor, notices, now } = options;

  /** Keeps what the storage does not have, in case the page is closed before it has it again. */
  function keepDraft({ removed, unsaved }: Deleted): void {
    const kept = unsaved ?? removed;
    const etag = removed === undefined ? unsaved?.etag : removed.marked?.etag;
    if (kept !== undefined) drafts.keep(kept.note, etag);
  }

  async function removeOpen(): Promise<void> {
    const id = editor.openId;
    if (id === undefined) return;
    // What cannot be saved may still be deleted: room may be just what is missing.
    const unsaved = (await editor.flush()) ? undefined : editor.openNote;
    try {
      const isStored = notes.get(id) !== undefined;
      const removed = isStored ? await store.remove(id, now()) : undefined;
      if (editor.openId === id) {
        editor.abandon();
        options.onClosed();
      }
      const deleted = { id, removed, unsaved };
      if (removed?.marked !== undefined) {
        notes.put(removed.marked);
      } else {
        notes.remove(id);
        if (isStored) keepDraft(deleted);
      }
      options.onChanged();
      if (removed === undefined && (unsaved === undefined || isEmpty(unsaved.note))) return;
      const undo = { label: 'Undo', run: () => void bringBack(deleted) };
      notices.tell('The note was deleted.', undo, () => void purge(id));
    } catch (error) {
      notices.fail('delete this note', error);
    }
  }

  async function bringBack(deleted: Deleted): Promise<void> {
    const { id, removed, unsaved } = deleted;
    let rest = deleted;
    try {
      let etag = unsaved?.etag;
      if (removed !== undefined) {
        const summary = await store.restore(removed);
        notes.put(summary);
        for (const { name } of await files.list(id)) notes.addFile(id, name);
        drafts.drop(id);
        // Where somebody else had written meanwhile, the editor still asks whose words count.
        if (etag === removed.etag) etag = summary.etag;
        rest = { id, removed: undefined, unsaved: unsaved && { ...unsaved, etag } };
      }
      if (unsaved === undefined) options.onBack(id);
      else if (await editor.openUnsaved({ ...unsaved, etag })) options.onOpened(id);
      else throw new Error('Another note could not be saved, and is still open.');
    } catch (error) {
      keepDraft(rest);
      const again = { label: 'Bring it back', run: () => void bringBack(rest) };
      // By name: several may wait to be brought back.
      const { title = '' } = (unsaved ?? removed)?.note ?? {};
      notices.fail(`bring back ${title === '' ? 'the note' : `“${title}”`}`, error, again);
    }
    options.onChanged();
  }

  async function purge(id: string): Promise<void> {
    try {
      if (!(await store.purge(id))) return;
      notes.remove(id);
      drafts.drop(id);
    } catch (error) {
      notices.fail('delete the note for good', error);
    }
  }

  return { removeOpen, purge };
}
