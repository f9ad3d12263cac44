/** A document of an application, of 1 KiB as JSON. */
export interface Note {
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

/** What an application saves, and what it searches for. Subjects that keep no attributes keep them in the value. */
export interface NoteItem {
  readonly key: string;
  readonly value: Note;
  readonly tags: readonly string[];
  readonly metadata: {
    readonly author: string;
    readonly version: number;
    readonly isPublic: boolean;
  };
}

const NOTE_BYTES = 1024;
/** Shares no factor with what is searched for: what a search finds is scattered over all folders. */
const FOLDERS = 97;
const AUTHORS = 100;
/** One of so many notes has the tag that is searched for. */
const TAGGED_SHARE = 100;

/** The tag that 1 of 100 notes has. */
export const RARE_TAG = 'featured';
/** An author whom 1 of 100 notes has. */
export const ONE_AUTHOR = 'author-7';

/** Where a note is kept. */
export function keyOf(id: number): string {
  return `notes/${id % FOLDERS}/note-${id}.json`;
}

/** Makes a note that is the same each time for the same number, and of the same size for all. */
export function noteOf(id: number): NoteItem {
  const title = `Note ${id}`;
  const rest = NOTE_BYTES - JSON.stringify({ id, title, body: '' }).length;
  return {
    key: keyOf(id),
    value: { id, title, body: textOf(id, rest) },
    tags: ['note', id % TAGGED_SHARE === 0 ? RARE_TAG : `topic-${id % 10}`],
    metadata: { author: `author-${id % AUTHORS}`, version: id % 7, isPublic: id % 2 === 0 },
  };
}

/** The notes from one number on. */
export function notesFrom(start: number, count: number): NoteItem[] {
  return Array.from({ length: count }, (_, index) => noteOf(start + index));
}

/** How many of the first notes have {@link RARE_TAG}. */
export function taggedAmong(count: number): number {
  return Math.ceil(count / TAGGED_SHARE);
}

/** How many of the first notes are of {@link ONE_AUTHOR}. */
export function writtenAmong(count: number): number {
  return Math.ceil(Math.max(0, count - 7) / AUTHORS);
}

/** Letters that look random, so that nothing compresses them away. */
function textOf(seed: number, length: number): string {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}
