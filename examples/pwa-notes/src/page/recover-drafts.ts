import { isStorageError } from '@granary/storage/browser';
import type { Draft, Drafts } from '../notes/drafts.ts';
import { isEmpty, type NoteSummary } from '../notes/note.ts';
import type { NotesStore } from '../notes/notes-store.ts';

/** Name of the lock that a tab holds while it lives. */
export function tabLock(owner: string): string {
  return `pwa-notes-tab:${owner}`;
}

/** What {@link recoverDrafts} works by. */
export interface RecoverOptions {
  readonly drafts: Drafts;
  readonly store: NotesStore;
  /** Absent where the browser has none; every draft is then taken for one of a tab that is gone. */
  readonly locks: Pick<LockManager, 'request'> | undefined;
  readonly newId: () => string;
  readonly onRecovered: (summary: NoteSummary, isCopy: boolean) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Saves what tabs had not saved when they were closed. The lock of a tab that lives is not to be had,
 * so its drafts are left to it; that of a tab that dies is, and its drafts are saved by the next one.
 */
export function recoverDrafts(options: RecoverOptions): Promise<void> {
  const { drafts, store, locks, newId, onRecovered, onError } = options;

  async function saveDraft(draft: Draft): Promise<void> {
    const { note, etag } = draft;
    // It may have been saved meanwhile, by its own tab or by another one.
    const isStillThere = drafts.ofOthers().some((one) => isSameDraft(one, draft));
    if (!isStillThere || isEmpty(note)) return drafts.dropOf(draft);
    try {
      const known = await store.load(note.id).catch((error: unknown) => {
        if (isStorageError(error, 'not-found')) return undefined;
        throw error;
      });
      if (known?.note.text === note.text && known.note.title === note.title) {
        drafts.dropOf(draft);
        return;
      }
      const isSameWrite = known?.etag === etag;
      const id = isSameWrite ? note.id : newId();
      const title = isSameWrite || note.title === '' ? note.title : `${note.title} (recovered)`;
      const kept = { ...note, id, title };
      onRecovered(await store.save(kept, isSameWrite ? etag : undefined), !isSameWrite);
      drafts.dropOf(draft);
    } catch (error) {
      // The draft stays where it is, for the next start.
      onError(error);
    }
  }

  const all = drafts.ofOthers().map(async (draft) => {
    if (locks === undefined) await saveDraft(draft);
    else await locks.request(tabLock(draft.owner), () => saveDraft(draft));
  });
  return Promise.all(all).then(() => {});
}

function isSameDraft(a: Draft, b: Draft): boolean {
  return a.owner === b.owner && a.note.id === b.note.id;
}
