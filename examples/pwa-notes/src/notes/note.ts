import type { StorageItem } from '@granary/storage/browser';

/** A note as it is edited. */
export interface Note {
  readonly id: string;
  /** One line. */
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly changedAt: Date;
}

/** What the list shows of a note: all of it stands in the listing, so that no text is read for it. */
export interface NoteSummary extends Omit<Note, 'text'> {
  /** The start of the text, in one line. */
  readonly preview: string;
  /** Identity of the write that is known. */
  readonly etag: string;
  /** When the note was deleted; it goes for good a little later. */
  readonly deletedAt?: Date;
}

/** What is stored with a note. Flags and times are no text, so that a search for words passes over them. */
export type NoteMetadata = Readonly<Record<string, string | number | boolean>>;

const FOLDER = 'notes/';
const NOTE_NAME = '/note.md';
const FILES = '/files/';
const PREVIEW_CHARACTERS = 140;

/** Everything that belongs to notes has a key with this start. */
export const NOTES_PREFIX: string = FOLDER;

/** The key of a note: Markdown, with the title as its first line. */
export function noteKey(id: string): string {
  return `${FOLDER}${id}${NOTE_NAME}`;
}

/** The start of the keys of a note and its files. */
export function folderOf(id: string): string {
  return `${FOLDER}${id}/`;
}

/** The key of a file that is attached to a note. */
export function fileKey(id: string, name: string): string {
  return `${FOLDER}${id}${FILES}${name}`;
}

/** What a key stands for: a note, or a file of one. Nothing where it is neither. */
export function placeOf(
  key: string,
): { readonly id: string; readonly fileName?: string } | undefined {
  const end = key.indexOf('/', FOLDER.length);
  if (!key.startsWith(FOLDER) || end === -1) return undefined;
  const id = key.slice(FOLDER.length, end);
  const rest = key.slice(end);
  if (rest === NOTE_NAME) return { id };
  return rest.startsWith(FILES) ? { id, fileName: rest.slice(FILES.length) } : undefined;
}

/** An empty note that is not stored yet. */
export function emptyNote(id: string, now: Date): Note {
  return { id, title: '', text: '', tags: [], createdAt: now, changedAt: now };
}

/** Whether there is nothing in a note that could be lost. */
export function isEmpty({ title, text, tags }: Note): boolean {
  return title.trim() === '' && text.trim() === '' && tags.length === 0;
}

/** The stored content of a note. */
export function toBody({ title, text }: Pick<Note, 'title' | 'text'>): string {
  return `${oneLine(title)}\n\n${text}`;
}

/** Title and text of stored content. */
export function fromBody(body: string): Pick<Note, 'title' | 'text'> {
  const end = body.indexOf('\n');
  if (end === -1) return { title: body, text: '' };
  return { title: body.slice(0, end), text: body.slice(end + 1).replace(/^\n/, '') };
}

/** What the list needs to know, as it is stored with the note. */
export function toMetadata(note: Note, deletedAt?: Date): NoteMetadata {
  return {
    isNote: true,
    title: oneLine(note.title),
    preview: previewOf(note.text),
    createdAt: note.createdAt.getTime(),
    changedAt: note.changedAt.getTime(),
    ...(deletedAt && { deletedAt: deletedAt.getTime() }),
  };
}

/** The summary in a listing entry. Nothing where it was not written by this application. */
export function toSummary(item: Omit<StorageItem, 'kind'>): NoteSummary | undefined {
  const { key, metadata, tags = [], etag = '' } = item;
  const place = placeOf(key);
  if (place === undefined || place.fileName !== undefined || metadata?.['isNote'] !== true) {
    return undefined;
  }
  const { title, preview, createdAt, changedAt, deletedAt } = metadata;
  const written = item.modifiedAt ?? new Date(0);
  return {
    id: place.id,
    title: typeof title === 'string' ? title : '',
    preview: typeof preview === 'string' ? preview : '',
    tags,
    createdAt: typeof createdAt === 'number' ? new Date(createdAt) : written,
    changedAt: typeof changedAt === 'number' ? new Date(changedAt) : written,
    etag,
    ...(typeof deletedAt === 'number' && { deletedAt: new Date(deletedAt) }),
  };
}

/** The start of a text, in one line and without half characters. */
export function previewOf(text: string): string {
  // Four times as much as is shown leaves room for white space.
  const line = oneLine(text.slice(0, PREVIEW_CHARACTERS * 4));
  const characters = Array.from(line);
  if (characters.length <= PREVIEW_CHARACTERS) return line;
  return `${characters.slice(0, PREVIEW_CHARACTERS - 1).join('')}…`;
}

/** A tag as it is kept: lower case, no spaces, no `#`. Empty where nothing is left. */
export function toTag(typed: string): string {
  return typed.normalize('NFC').toLowerCase().replaceAll('#', ' ').trim().replaceAll(/\s+/g, '-');
}

/** Tags in the order given, each once. */
export function toTags(typed: readonly string[]): string[] {
  return [...new Set(typed.map(toTag))].filter((tag) => tag !== '');
}

/** A name under which a file can be attached beside those that are there. */
export function freeFileName(wanted: string, taken: ReadonlySet<string>): string {
  // A key has no slashes in a name, no NUL and no lone surrogates.
  const cleaned = wanted
    .toWellFormed()
    .replaceAll(/[/\\\0]/g, '-')
    .trim();
  const name = cleaned === '' || /^\.+$/.test(cleaned) ? 'file' : shortened(cleaned);
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 2; ; number += 1) {
    const next = `${stem} (${number})${ending}`;
    if (!taken.has(next)) return next;
  }
}

/** At most 100 characters, the ending kept: some stores have short keys. */
function shortened(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= 100) return name;
  return [...characters.slice(0, 80), '…', ...characters.slice(-19)].join('');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
