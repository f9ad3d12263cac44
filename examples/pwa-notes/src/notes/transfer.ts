import { type Note, toTags } from './note.ts';

/** Marks a file of exported notes. */
const FORMAT = 'granary-notes';
const VERSION = 1;

/** The text of a file with all notes, in parts. Attached files are not in it. */
export async function* exportParts(
  notes: AsyncIterable<readonly Note[]>,
  now: Date,
): AsyncGenerator<string, void, undefined> {
  const head = { format: FORMAT, version: VERSION, exportedAt: now };
  yield `${JSON.stringify(head).slice(0, -1)},"notes":[`;
  let separator = '\n';
  for await (const page of notes) {
    for (const note of page) {
      yield separator + JSON.stringify(note);
      separator = ',\n';
    }
  }
  yield '\n]}\n';
}

/** The notes in the text of an exported file. Throws an error that says what is wrong, and where. */
export function parseExport(text: string): Note[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new Error('This is no file of notes: it is not JSON.', { cause });
  }
  if (!isRecord(content) || content['format'] !== FORMAT || !Array.isArray(content['notes'])) {
    throw new Error('This is no file of notes: choose one that "Export" has written.');
  }
  if (content['version'] !== VERSION) {
    throw new Error(
      'This file was written by a newer version of the notes. Reload the page first.',
    );
  }
  return content['notes'].map(readNote);
}

/** What an import does with each note. */
export interface ImportPlan {
  readonly added: readonly Note[];
  readonly updated: readonly Note[];
  /** Notes that are here already, as new or newer. */
  readonly unchanged: number;
}

/** Takes notes that are not here, and those that were changed later than the ones that are. */
export function planImport(
  notes: readonly Note[],
  known: (id: string) => { readonly changedAt: Date; readonly deletedAt?: Date } | undefined,
): ImportPlan {
  // Of a note that is in the file twice, the later one counts.
  const latest = new Map<string, Note>();
  for (const note of notes) {
    const other = latest.get(note.id);
    if (other === undefined || other.changedAt <= note.changedAt) latest.set(note.id, note);
  }
  const added: Note[] = [];
  const updated: Note[] = [];
  for (const note of latest.values()) {
    const here = known(note.id);
    if (here === undefined || here.deletedAt !== undefined) added.push(note);
    else if (here.changedAt < note.changedAt) updated.push(note);
  }
  return { added, updated, unchanged: notes.length - added.length - updated.length };
}

function readNote(value: unknown, index: number): Note {
  const place = `Note ${index + 1} of the file`;
  if (!isRecord(value)) throw new Error(`${place} is not an object. Nothing was imported.`);
  const { id, title, text, tags, createdAt, changedAt } = value;
  const date = (name: string, field: unknown) => {
    const moment = new Date(typeof field === 'string' ? field : Number.NaN);
    if (Number.isNaN(moment.getTime())) {
      throw new Error(`${place} has no date as "${name}". Nothing was imported.`);
    }
    return moment;
  };
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) {
    throw new Error(`${place} has no usable "id". Nothing was imported.`);
  }
  if (typeof title !== 'string' || typeof text !== 'string') {
    throw new Error(`${place} has no text as "title" or "text". Nothing was imported.`);
  }
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) {
    throw new Error(`${place} has no list of words as "tags". Nothing was imported.`);
  }
  return {
    id,
    title,
    text,
    tags: toTags(tags),
    createdAt: date('createdAt', createdAt),
    changedAt: date('changedAt', changedAt),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
