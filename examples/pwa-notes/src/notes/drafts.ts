import type { Note } from './note.ts';

/** What is needed of `localStorage`, which alone writes before a closing page is gone. */
export type DraftShelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Changes of a note that may not have reached the storage. */
export interface Draft {
  /** The tab that made it. */
  readonly owner: string;
  readonly note: Note;
  /** The write that was changed. Absent for a new note. */
  readonly etag?: string;
}

/** Keeps the unsaved changes of one tab where a crash cannot reach them. */
export interface Drafts {
  /** Keeps a change at once. Returns false where there is no room for it. */
  keep(note: Note, etag: string | undefined): boolean;
  /** The changes of this note have been saved. */
  drop(id: string): void;
  /** What other tabs have kept, and did not drop. */
  ofOthers(): readonly Draft[];
  /** A draft of another tab has been saved. */
  dropOf(draft: Draft): void;
}

const PREFIX = 'pwa-notes-draft:';

/** Makes the drafts of one tab. */
export function createDrafts(shelf: DraftShelf, owner: string): Drafts {
  const keyOf = (tab: string, id: string) => `${PREFIX}${tab}:${id}`;

  return {
    keep(note, etag) {
      try {
        shelf.setItem(keyOf(owner, note.id), JSON.stringify({ note, etag }));
        return true;
      } catch {
        return false;
      }
    },
    drop(id) {
      shelf.removeItem(keyOf(owner, id));
    },
    ofOthers() {
      const keys = Array.from({ length: shelf.length }, (_, index) => shelf.key(index) ?? '');
      return keys.flatMap((key) => {
        const [tab = ''] = key.slice(PREFIX.length).split(':');
        if (!key.startsWith(PREFIX) || tab === owner) return [];
        const draft = readDraft(tab, shelf.getItem(key));
        return draft === undefined ? [] : [draft];
      });
    },
    dropOf({ owner: tab, note }) {
      shelf.removeItem(keyOf(tab, note.id));
    },
  };
}

function readDraft(owner: string, text: string | null): Draft | undefined {
  if (text === null) return undefined;
  try {
    const { note, etag } = JSON.parse(text);
    return {
      owner,
      note: {
        id: String(note.id),
        title: String(note.title),
        text: String(note.text),
        tags: note.tags.map(String),
        createdAt: new Date(note.createdAt),
        changedAt: new Date(note.changedAt),
      },
      ...(typeof etag === 'string' && { etag }),
    };
  } catch {
    return undefined;
  }
}
