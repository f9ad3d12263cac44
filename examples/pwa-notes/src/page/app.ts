import type { StorageEngine } from '@granary/storage/browser';
import { createDrafts, type DraftShelf } from '../notes/drafts.ts';
import { createNoteCollection } from '../notes/note-collection.ts';
import { createNoteFiles } from '../notes/note-files.ts';
import { createNotesStore } from '../notes/notes-store.ts';
import { createNoteDeletion } from './delete-note.ts';
import { createEditor } from './editor.ts';
import { button, element } from './element.ts';
import { moveNotes } from './move-notes.ts';
import { createNoteList } from './note-list.ts';
import { createNotices, type Notices, type NoticeTimes } from './notices.ts';
import { recoverDrafts, tabLock } from './recover-drafts.ts';
import { createSearchField } from './search-field.ts';
import { type ShareNavigator, shareNote } from './share-note.ts';
import { type BrowserRoom, createStoragePanel } from './storage-panel.ts';
import { watchNotes } from './watch-notes.ts';

/** What the page is made of, so that a test can give it something else. */
export interface AppOptions {
  readonly storage: StorageEngine;
  readonly shelf: DraftShelf;
  readonly navigator: ShareNavigator & {
    readonly locks?: Pick<LockManager, 'request'>;
    readonly storage?: BrowserRoom;
  };
  readonly newId: () => string;
  readonly now: () => Date;
  readonly reload: () => void;
  /** How long notices stay. Default: as long as it takes to read them. */
  readonly stays?: NoticeTimes;
}

/** The page, at work. */
export interface App {
  readonly notices: Notices;
  /** Shows something that stays: which storage is used, or that there is no network. */
  readonly banner: (name: string, text: string | undefined) => void;
  /** Begins to save what is unsaved. */
  flush(): Promise<boolean>;
  close(): Promise<void>;
}

/** A deleted note goes for good when nobody can undo it any more. Units: ms. */
const PURGE_AFTER_MS = 60_000;

/** Builds the page inside an element and reads the notes. Resolves when they are listed. */
export async function startApp(root: HTMLElement, options: AppOptions): Promise<App> {
  const { storage, shelf, navigator, newId, now } = options;
  const tab = newId();
  const store = createNotesStore(storage);
  const files = createNoteFiles(storage);
  const drafts = createDrafts(shelf, tab);
  const notes = createNoteCollection();
  const notices = createNotices(options.stays);
  let isLoading = true;

  const list = createNoteList(notes, (id) => go(id), now);
  const search = createSearchField({
    store,
    notes,
    onResult: () => draw(),
    onError: (error) => notices.fail('search the notes', error),
  });
  const editor = createEditor({
    store,
    files,
    drafts,
    notices,
    now,
    knownTags: () => notes.tags().map(([name]) => name),
    onSaved(summary) {
      notes.put(summary);
      search.noteChanged(summary.id);
      draw();
    },
    onBack: () => go(undefined),
    onShare: () => void share(),
    onDelete: () => void deletion.removeOpen(),
  });
  const deletion = createNoteDeletion({
    store,
    files,
    drafts,
    notes,
    editor,
    notices,
    now,
    onClosed() {
      show(undefined);
      draw();
      list.focus();
    },
    onBack: go,
    onOpened: show,
    onChanged: draw,
  });
  const mover = moveNotes({ store, notes, now, reload });
  const panel = createStoragePanel({
    storage,
    room: navigator.storage ?? {},
    notices,
    onSamples: mover.addSamples,
    onExport: mover.exportAll,
    onImport: mover.importFile,
  });
  const banners = element('div', { class: 'banners', role: 'status' });
  const frame = element(
    'div',
    { class: 'app', 'data-view': 'list' },
    element(
      'header',
      { class: 'bar' },
      element('h1', {}, 'Notes'),
      element('span', { class: 'spring' }),
      button({ label: 'Storage', icon: 'disk', onClick: () => panel.open() }),
      button({ label: 'New note', icon: 'plus', class: 'button-main', onClick: () => go('new') }),
    ),
    banners,
    element(
      'main',
      { class: 'panes' },
      element(
        'section',
        { class: 'list-pane', 'aria-label': 'All notes' },
        search.element,
        list.element,
      ),
      editor.element,
    ),
    notices.element,
    panel.element,
  );
  root.replaceChildren(frame);

  function draw(): void {
    const state = search.isSearching ? 'searching' : 'done';
    list.update(editor.openId);
    list.say({ state: isLoading ? 'loading' : state, typed: search.typed });
    search.drawTags();
  }

  function banner(name: string, text: string | undefined): void {
    const shown = banners.querySelector(`[data-name="${name}"]`);
    if (text === undefined) shown?.remove();
    else if (shown !== null) shown.textContent = text;
    else banners.append(element('p', { class: 'banner', 'data-name': name }, text));
  }

  async function reload(): Promise<void> {
    const seen = new Set<string>();
    for await (const page of store.walk()) {
      for (const summary of page.notes) {
        seen.add(summary.id);
        notes.put(summary);
      }
      for (const { id, name } of page.files) notes.addFile(id, name);
      draw();
    }
    // What the listing did not have is gone, unless it was written meanwhile.
    const missing = notes.all().filter(({ id }) => !seen.has(id));
    const found = await Promise.all(missing.map(({ id }) => store.summary(id)));
    for (const [index, { id }] of missing.entries()) {
      if (found[index] === undefined) notes.remove(id);
    }
    draw();
  }

  /** Opens a note through the address, so that the browser's own "back" works. */
  function go(id: string | undefined): void {
    const isOpen = editor.openId !== undefined;
    const address = id === undefined ? '#/' : `#/${id}`;
    if (location.hash === address) void follow();
    else if (isOpen) {
      history.replaceState(null, '', address);
      void follow();
    } else location.hash = address;
  }

  /** Shows the list or a note, and tells the address. */
  function show(id: string | undefined): void {
    history.replaceState(null, '', id === undefined ? '#/' : `#/${id}`);
    frame.dataset['view'] = id === undefined ? 'list' : 'note';
  }

  async function follow(): Promise<void> {
    const id = location.hash.slice(2);
    const before = editor.openId;
    try {
      if (id === '') await leave();
      else if (id === 'new') await begin();
      else if (await editor.open(id)) frame.dataset['view'] = 'note';
    } catch (error) {
      history.replaceState(null, '', '#/');
      notices.fail('open this note', error);
    }
    if (editor.openId !== undefined && id !== editor.openId && before === editor.openId) {
      // It could not be saved, so it stays open.
      history.replaceState(null, '', `#/${editor.openId}`);
    }
    draw();
  }

  async function leave(): Promise<void> {
    if (!(await editor.close())) return;
    frame.dataset['view'] = 'list';
    list.focus();
  }

  async function begin(): Promise<void> {
    const id = newId();
    if (await editor.openNew(id)) show(id);
  }

  async function share(): Promise<void> {
    const { openNote } = editor;
    if (openNote === undefined) return;
    try {
      await shareNote(openNote.note, await editor.attachments.readAll(), navigator, notices);
    } catch (error) {
      notices.fail('read the files of this note', error);
    }
  }

  function changedElsewhere(ids: ReadonlySet<string>): void {
    const id = editor.openId;
    const summary = id === undefined ? undefined : notes.get(id);
    if (id !== undefined && ids.has(id) && summary !== undefined) {
      if (summary.deletedAt === undefined) {
        editor
          .refresh(summary.etag)
          .catch((error: unknown) => notices.fail('read this note', error));
      } else if (sheetIsCalm()) {
        editor.abandon();
        show(undefined);
        notices.tell('This note was deleted in another tab.');
      }
    }
    for (const one of ids) search.noteChanged(one);
    draw();
  }

  const sheetIsCalm = () => frame.querySelector('.note')?.getAttribute('data-state') === 'saved';
  const saveNow = () => void editor.flush();
  const saveHidden = () => {
    if (document.visibilityState === 'hidden') saveNow();
  };
  const onHash = () => void follow();
  const shortcuts = (event: KeyboardEvent) => {
    if (
      event.key === '/' &&
      !(event.target instanceof HTMLElement && event.target.matches('input,textarea'))
    ) {
      event.preventDefault();
      search.focus();
    }
  };
  window.addEventListener('pagehide', saveNow);
  document.addEventListener('visibilitychange', saveHidden);
  document.addEventListener('keydown', shortcuts);
  window.addEventListener('hashchange', onHash);

  // Held until the page is gone: its drafts are its own as long.
  let letGo = () => {};
  navigator.locks
    ?.request(tabLock(tab), () => new Promise<void>((resolve) => (letGo = resolve)))
    // Without it, another tab may save a draft of this one, as a copy: nothing is lost.
    .catch(() => {});

  let stopWatching = async () => {};
  try {
    await storage.ready();
    stopWatching = await watchNotes({
      store,
      notes,
      reload,
      onChanged: changedElsewhere,
      onError: (error) => notices.fail('follow the changes of other tabs', error),
    });
    await reload();
  } catch (error) {
    notices.fail('read the notes', error, { label: 'Reload', run: options.reload });
  }
  isLoading = false;
  draw();
  if (location.hash.length > 2) await follow();
  for (const { id, deletedAt } of notes.all()) {
    if (deletedAt !== undefined && now().getTime() - deletedAt.getTime() > PURGE_AFTER_MS) {
      await deletion.purge(id);
    }
  }
  void recoverDrafts({
    drafts,
    store,
    locks: navigator.locks,
    newId,
    onRecovered(summary, isCopy) {
      notes.put(summary);
      draw();
      const name = summary.title === '' ? 'A note' : `“${summary.title}”`;
      notices.tell(
        `${name} was not saved when its page was closed. ${isCopy ? 'It is here as a copy.' : 'It is here again.'}`,
      );
    },
    onError: (error) => notices.fail('save what a closed page left', error),
  }).catch((error: unknown) => notices.fail('save what a closed page left', error));

  return {
    notices,
    banner,
    flush: () => editor.flush(),
    async close() {
      window.removeEventListener('pagehide', saveNow);
      document.removeEventListener('visibilitychange', saveHidden);
      document.removeEventListener('keydown', shortcuts);
      window.removeEventListener('hashchange', onHash);
      await editor.flush();
      letGo();
      list.close();
      await stopWatching();
    },
  };
}
