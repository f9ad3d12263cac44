import type { NoteSummary } from './note.ts';

/** The notes that are known, in the order of the list: the last changed first. */
export interface NoteCollection {
  /** Notes in all, the deleted ones left out. */
  readonly size: number;
  get(id: string): NoteSummary | undefined;
  /** Takes what is known of a note. Returns whether anything changed. */
  put(summary: NoteSummary): boolean;
  remove(id: string): void;
  addFile(id: string, name: string): void;
  removeFile(id: string, name: string): void;
  fileCount(id: string): number;
  /** Shows only these notes; `undefined` shows all. */
  show(ids: ReadonlySet<string> | undefined): void;
  /** What the list shows. The same array until something changes. */
  visible(): readonly NoteSummary[];
  /** All that is known, in no order, deleted notes included. */
  all(): readonly NoteSummary[];
  /** Tags by how often they occur, the most frequent first. */
  tags(): readonly (readonly [tag: string, count: number])[];
}

/** Makes an empty collection. */
export function createNoteCollection(): NoteCollection {
  const notes = new Map<string, NoteSummary>();
  const files = new Map<string, Set<string>>();
  let shown: ReadonlySet<string> | undefined;
  let visible: readonly NoteSummary[] | undefined;
  let tags: readonly (readonly [string, number])[] | undefined;

  const forget = () => {
    visible = undefined;
    tags = undefined;
  };
  const kept = () => [...notes.values()].filter(({ deletedAt }) => deletedAt === undefined);

  return {
    get size() {
      return kept().length;
    },
    get: (id) => notes.get(id),
    put(summary) {
      if (notes.get(summary.id)?.etag === summary.etag) return false;
      notes.set(summary.id, summary);
      forget();
      return true;
    },
    remove(id) {
      files.delete(id);
      if (notes.delete(id)) forget();
    },
    addFile(id, name) {
      const names = files.get(id);
      if (names === undefined) files.set(id, new Set([name]));
      else names.add(name);
    },
    removeFile(id, name) {
      files.get(id)?.delete(name);
    },
    fileCount: (id) => files.get(id)?.size ?? 0,
    show(ids) {
      shown = ids;
      visible = undefined;
    },
    visible() {
      visible ??= kept()
        .filter(({ id }) => shown === undefined || shown.has(id))
        .sort(byChange);
      return visible;
    },
    all: () => [...notes.values()],
    tags() {
      tags ??= countTags(kept());
      return tags;
    },
  };
}

function byChange(a: NoteSummary, b: NoteSummary): number {
  return b.changedAt.getTime() - a.changedAt.getTime() || (a.id < b.id ? -1 : 1);
}

function countTags(notes: readonly NoteSummary[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const note of notes) {
    for (const tag of note.tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}
