import { isStorageError } from '@granary/storage/browser';
import { createAutosave, type SaveState } from '../notes/autosave.ts';
import type { Drafts } from '../notes/drafts.ts';
import { emptyNote, isEmpty, type Note, type NoteSummary } from '../notes/note.ts';
import type { NoteFiles } from '../notes/note-files.ts';
import type { NotesStore } from '../notes/notes-store.ts';
import { type Attachments, createAttachments } from './attachments.ts';
import { button, element } from './element.ts';
import type { Notice, Notices } from './notices.ts';
import { createTagField } from './tag-field.ts';

/** A note as it stands in the fields, and the write that it started from: none for a new one. */
export interface OpenNote {
  readonly note: Note;
  readonly etag: string | undefined;
}

/** The editor of one note at a time. */
export interface Editor {
  readonly element: HTMLElement;
  readonly openId: string | undefined;
  readonly openNote: OpenNote | undefined;
  readonly attachments: Attachments;
  /** Opens a stored note. What is unsaved is saved first; where that fails, the editor stays. Returns whether it is open. */
  open(id: string): Promise<boolean>;
  /** Opens a new note, which is stored when something is written. */
  openNew(id: string): Promise<boolean>;
  /** Opens a note with changes that no storage has, and saves them. */
  openUnsaved(unsaved: OpenNote): Promise<boolean>;
  /** Closes the note. Returns false where it could not be saved, and stays. */
  close(): Promise<boolean>;
  /** Closes the note without saving it. */
  abandon(): void;
  /** Begins to save what is unsaved, at once. */
  flush(): Promise<boolean>;
  /** Another tab has written the open note: shows that, unless there are changes here. */
  refresh(etag: string): Promise<void>;
}

/** What {@link createEditor} works by. */
export interface EditorOptions {
  readonly store: NotesStore;
  readonly files: NoteFiles;
  readonly drafts: Drafts;
  readonly notices: Notices;
  readonly now: () => Date;
  readonly knownTags: () => readonly string[];
  readonly onSaved: (summary: NoteSummary) => void;
  readonly onBack: () => void;
  readonly onShare: () => void;
  readonly onDelete: () => void;
}

const WORDS: Readonly<Record<SaveState['kind'], string>> = {
  saved: 'Saved',
  waiting: 'Editing…',
  saving: 'Saving…',
  failed: 'Not saved',
};

/** The note that the fields show. */
interface Target {
  readonly id: string;
  readonly createdAt: Date;
  /** The write that they started from; `any` when it may be written over whatever is stored. */
  etag: string | undefined;
}

/** Makes an editor that saves by itself. */
export function createEditor(options: EditorOptions): Editor {
  const { store, drafts, notices, now, onSaved } = options;
  let open: Target | undefined;
  /** Counts what was opened, so that a slow load does not overwrite a later one. */
  let turn = 0;
  let failure: Notice | undefined;

  const title = element('textarea', {
    class: 'note-title',
    rows: '1',
    placeholder: 'Title',
    'aria-label': 'Title',
    maxlength: '200',
    autocomplete: 'off',
    enterkeyhint: 'next',
  });
  const text = element('textarea', {
    class: 'note-text',
    placeholder: 'Write here. It is saved by itself.',
    'aria-label': 'Text',
  });
  const tags = createTagField(changed, options.knownTags);
  const status = element('span', { class: 'note-status', role: 'status' });
  const retry = button({
    label: 'Retry',
    class: 'note-retry',
    onClick: () => void autosave.flush(),
  });
  const attachments = createAttachments({
    files: options.files,
    notices,
    async ensureNote() {
      if (open === undefined) return undefined;
      const { id } = open;
      if (open.etag === undefined) autosave.change({ target: open, note: current(open) });
      return (await autosave.flush()) ? id : undefined;
    },
  });

  const fields = element(
    'div',
    { class: 'note-fields' },
    title,
    tags.element,
    text,
    attachments.element,
  );
  const tools = element(
    'div',
    { class: 'note-tools', role: 'toolbar', 'aria-label': 'Note' },
    button({
      label: 'Back to the list',
      icon: 'back',
      isIconOnly: true,
      class: 'note-back',
      onClick: options.onBack,
    }),
    status,
    retry,
    element('span', { class: 'spring' }),
    button({
      label: 'Attach files',
      icon: 'clip',
      isIconOnly: true,
      onClick: () => attachments.choose(),
    }),
    button({ label: 'Share', icon: 'share', isIconOnly: true, onClick: options.onShare }),
    button({ label: 'Delete', icon: 'trash', isIconOnly: true, onClick: options.onDelete }),
  );
  const sheet = element('article', { class: 'note', hidden: true }, tools, fields);
  const nothing = element(
    'div',
    { class: 'note-nothing' },
    element('p', {}, 'Choose a note, or begin a new one.'),
  );

  const autosave = createAutosave<{ readonly target: Target; readonly note: Note }>({
    async save({ target, note }) {
      const summary = await store.save(note, target.etag);
      target.etag = summary.etag;
      // What was typed meanwhile is kept as a draft of its own.
      if (open !== target || isSame(note, current(target))) drafts.drop(note.id);
      else drafts.keep(current(target), target.etag);
      onSaved(summary);
    },
    onState: showState,
  });

  function current({ id, createdAt }: Target): Note {
    return {
      id,
      createdAt,
      changedAt: now(),
      title: title.value.replaceAll('\n', ' '),
      text: text.value,
      tags: tags.value,
    };
  }

  function changed(): void {
    if (open === undefined) return;
    const note = current(open);
    if (open.etag === undefined && isEmpty(note)) {
      // Nothing was ever stored, and nothing is left: there is no note.
      autosave.discard();
      drafts.drop(note.id);
      return;
    }
    drafts.keep(note, open.etag);
    autosave.change({ target: open, note });
  }

  function showState(state: SaveState): void {
    status.textContent = WORDS[state.kind];
    sheet.dataset['state'] = state.kind;
    retry.hidden = state.kind !== 'failed';
    if (state.kind !== 'waiting') failure?.close();
    if (state.kind === 'failed') showFailure(state.error);
  }

  function showFailure(error: unknown): void {
    if (isStorageError(error, 'precondition-failed')) {
      sheet.dataset['state'] = 'conflict';
      failure = notices.fail('save this note', error, {
        label: 'Keep mine',
        run() {
          // Only after somebody has said so is the other version written over.
          if (open !== undefined) open.etag = 'any';
          void autosave.flush();
        },
      });
      return;
    }
    failure = notices.fail('save this note', error, {
      label: 'Save again',
      run: () => void autosave.flush(),
    });
  }

  function show(note: Note, etag: string | undefined): void {
    open = { id: note.id, createdAt: note.createdAt, etag };
    title.value = note.title;
    text.value = note.text;
    tags.set(note.tags);
    status.textContent = '';
    retry.hidden = true;
    sheet.dataset['state'] = 'saved';
    sheet.hidden = false;
    nothing.hidden = true;
    fields.scrollTop = 0;
  }

  function abandon(): void {
    turn += 1;
    if (open !== undefined) drafts.drop(open.id);
    autosave.discard();
    failure?.close();
    open = undefined;
    sheet.hidden = true;
    nothing.hidden = false;
    void attachments.show(undefined);
  }

  /** What was typed is saved before the fields show something else. */
  async function leave(): Promise<boolean> {
    turn += 1;
    const own = turn;
    const isSaved = await autosave.flush();
    return isSaved && own === turn;
  }

  function attachFrom(event: Event, transfer: DataTransfer | null): void {
    const files = [...(transfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void attachments.add(files);
  }

  for (const field of [title, text]) field.addEventListener('input', changed);
  title.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    text.focus();
  });
  sheet.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
  sheet.addEventListener('drop', (event) => {
    attachFrom(event, event.dataTransfer);
  });
  text.addEventListener('paste', (event) => {
    attachFrom(event, event.clipboardData);
  });

  return {
    element: element('section', { class: 'note-pane', 'aria-label': 'Note' }, sheet, nothing),
    attachments,
    get openId() {
      return open?.id;
    },
    get openNote() {
      return open === undefined ? undefined : { note: current(open), etag: open.etag };
    },
    async open(id) {
      if (open?.id === id) return true;
      if (!(await leave())) return false;
      const own = turn;
      const { note, etag } = await store.load(id);
      if (own !== turn) return false;
      show(note, etag);
      void attachments.show(id);
      return true;
    },
    async openNew(id) {
      if (!(await leave())) return false;
      show(emptyNote(id, now()), undefined);
      void attachments.show(undefined);
      title.focus();
      return true;
    },
    async openUnsaved({ note, etag }) {
      if (!(await leave())) return false;
      show(note, etag);
      void attachments.show(note.id);
      changed();
      return true;
    },
    async close() {
      if (!(await leave())) return false;
      abandon();
      return true;
    },
    abandon,
    flush: () => autosave.flush(),
    async refresh(etag) {
      if (open === undefined || open.etag === etag || autosave.isDirty) return;
      const { id } = open;
      const stored = await store.load(id);
      if (open?.id !== id || autosave.isDirty) return;
      open.etag = stored.etag;
      setKeepingCaret(title, stored.note.title);
      setKeepingCaret(text, stored.note.text);
      if (!isSameList(tags.value, stored.note.tags)) tags.set(stored.note.tags);
      status.textContent = 'Changed in another tab';
    },
  };
}

function setKeepingCaret(field: HTMLTextAreaElement, value: string): void {
  if (field.value === value) return;
  const { selectionStart, selectionEnd } = field;
  field.value = value;
  field.setSelectionRange(selectionStart, selectionEnd);
}

function isSame(a: Note, b: Note): boolean {
  return a.title === b.title && a.text === b.text && isSameList(a.tags, b.tags);
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag, index) => tag === b[index]);
}
