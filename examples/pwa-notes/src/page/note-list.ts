import type { NoteCollection } from '../notes/note-collection.ts';
import { countText, whenText } from '../notes/wording.ts';
import { element, icon } from './element.ts';
import { createVirtualList } from './virtual-list.ts';

/** The list of notes with what says how many there are. */
export interface NoteList {
  readonly element: HTMLElement;
  /** Draws what the collection shows now. `openId` is the note in the editor. */
  update(openId: string | undefined): void;
  /** Puts the focus on the list. */
  focus(): void;
  close(): void;
  /** Says what is shown, and why there may be nothing: while loading, searching, or without notes. */
  say(words: { readonly state: 'loading' | 'searching' | 'done'; readonly typed: string }): void;
}

/** Makes the list over a collection. */
export function createNoteList(
  notes: NoteCollection,
  onOpen: (id: string) => void,
  now: () => Date,
): NoteList {
  let openId: string | undefined;
  const status = element('p', { class: 'list-status', role: 'status' });
  const empty = element('div', { class: 'list-empty', hidden: true });
  const list = createVirtualList({
    label: 'Notes',
    draw: (row, index) => drawRow(row, index),
    onOpen: (index) => {
      const note = notes.visible()[index];
      if (note !== undefined) onOpen(note.id);
    },
  });

  function drawRow(row: HTMLElement, index: number): void {
    const note = notes.visible()[index];
    if (note === undefined) return;
    if (row.childElementCount === 0) row.append(...emptyRow());
    const [title, preview, meta] = row.children;
    if (title === undefined || preview === undefined || meta === undefined) return;
    title.textContent = note.title === '' ? 'Untitled' : note.title;
    title.classList.toggle('is-untitled', note.title === '');
    preview.textContent = note.preview === '' ? 'No text' : note.preview;
    row.classList.toggle('is-open', note.id === openId);
    const files = notes.fileCount(note.id);
    meta.replaceChildren(
      element('time', { datetime: note.changedAt.toISOString() }, whenText(note.changedAt, now())),
      ...(files === 0
        ? []
        : [
            element(
              'span',
              { class: 'row-files', title: countText(files, 'file') },
              icon('clip'),
              String(files),
            ),
          ]),
      ...note.tags.slice(0, 3).map((tag) => element('span', { class: 'row-tag' }, `#${tag}`)),
    );
  }

  return {
    element: element('div', { class: 'list' }, status, list.element, empty),
    update(id) {
      const before = openId;
      openId = id;
      const visible = notes.visible();
      list.update(visible.length);
      list.element.hidden = visible.length === 0;
      if (id === undefined && before === undefined) return;
      const index = id === undefined ? -1 : visible.findIndex((note) => note.id === id);
      // Scrolls to a note that was opened, and stays where it is for one that was only changed.
      if (index !== list.active || before !== id) list.activate(index, before === id);
    },
    focus: () => list.element.focus(),
    close: () => list.close(),
    say({ state, typed }) {
      const count = notes.visible().length;
      const isAll = typed.trim() === '';
      const found = isAll ? countText(count, 'note') : `${countText(count, 'note')} found`;
      const searching = state === 'searching' ? ', searching…' : '';
      const words = state === 'loading' ? 'Reading notes…' : found + searching;
      if (status.textContent !== words) status.textContent = words;
      empty.hidden = count > 0 || state !== 'done';
      empty.replaceChildren(...(isAll ? noNotes() : nothingFound(typed)));
    },
  };
}

function emptyRow(): HTMLElement[] {
  return [
    element('span', { class: 'row-title' }),
    element('span', { class: 'row-preview' }),
    element('span', { class: 'row-meta' }),
  ];
}

function noNotes(): HTMLElement[] {
  return [
    element('h2', {}, 'No notes yet'),
    element('p', {}, 'Write the first one, or look under “Storage” for 10,000 samples.'),
  ];
}

function nothingFound(typed: string): HTMLElement[] {
  return [
    element('h2', {}, 'Nothing found'),
    element('p', {}, `No note has “${typed.trim()}” in its text or tags.`),
  ];
}
