import type { AttachedFile, NoteFiles } from '../notes/note-files.ts';
import { countText, sizeText } from '../notes/wording.ts';
import { button, element, icon, offerDownload } from './element.ts';
import type { Notices } from './notices.ts';

/** The files of the note in the editor. */
export interface Attachments {
  readonly element: HTMLElement;
  /** Shows the files of a note, or of none. */
  show(id: string | undefined): Promise<void>;
  /** Attaches files one after the other, and says what could not be attached. */
  add(files: readonly File[]): Promise<void>;
  /** The files themselves, for sharing. */
  readAll(): Promise<File[]>;
  /** Lets the user choose files. */
  choose(): void;
}

/** What {@link createAttachments} works by. */
export interface AttachmentsOptions {
  readonly files: NoteFiles;
  readonly notices: Notices;
  /** Makes sure that the note is stored. Resolves to its id, or nothing where it could not be saved. */
  readonly ensureNote: () => Promise<string | undefined>;
}

/** Images up to this size are shown. Units: bytes. */
const SHOWN_UP_TO = 20e6;
const IMAGE = /^image\/(png|jpeg|gif|webp|avif|svg\+xml)$/;

/** Makes the place of files below a note. */
export function createAttachments({ files, notices, ensureNote }: AttachmentsOptions): Attachments {
  let noteId: string | undefined;
  let shown: readonly AttachedFile[] = [];
  const urls = new Set<string>();
  const list = element('ul', { class: 'files', 'aria-label': 'Attached files' });
  const picker = element('input', { type: 'file', multiple: true, hidden: true });
  picker.addEventListener('change', () => {
    void add([...(picker.files ?? [])]);
    picker.value = '';
  });

  async function show(id: string | undefined): Promise<void> {
    noteId = id;
    shown = [];
    for (const url of urls) URL.revokeObjectURL(url);
    urls.clear();
    list.replaceChildren();
    if (id === undefined) return;
    try {
      const found = await files.list(id);
      if (noteId !== id) return;
      shown = found;
      list.replaceChildren(...found.map((file) => card(id, file)));
    } catch (error) {
      notices.fail('list the files of this note', error);
    }
  }

  function card(id: string, file: AttachedFile): HTMLElement {
    const { name, sizeBytes, type } = file;
    const picture = element('div', { class: 'file-picture' }, icon('file'));
    if (IMAGE.test(type) && sizeBytes <= SHOWN_UP_TO) void showImage(id, name, picture);
    const open = async () => {
      try {
        offerDownload(await files.read(id, name), name);
      } catch (error) {
        notices.fail(`read “${name}”`, error);
      }
    };
    const remove = async () => {
      try {
        await files.remove(id, name);
        await show(noteId);
        notices.tell(`“${name}” is no longer attached.`);
      } catch (error) {
        notices.fail(`remove “${name}”`, error);
      }
    };
    return element(
      'li',
      { class: 'file' },
      picture,
      element(
        'div',
        { class: 'file-words' },
        element('span', { class: 'file-name', title: name }, name),
        element('span', { class: 'file-size' }, sizeText(sizeBytes)),
      ),
      button({
        label: `Download ${name}`,
        icon: 'down',
        isIconOnly: true,
        onClick: () => void open(),
      }),
      button({
        label: `Remove ${name}`,
        icon: 'trash',
        isIconOnly: true,
        onClick: () => void remove(),
      }),
    );
  }

  async function showImage(id: string, name: string, place: HTMLElement): Promise<void> {
    try {
      const content = await files.read(id, name);
      if (noteId !== id) return;
      const url = URL.createObjectURL(content);
      urls.add(url);
      const image = element('img', { src: url, alt: name, decoding: 'async' });
      // A damaged image stays what it is: a file.
      image.addEventListener('load', () => place.replaceChildren(image));
    } catch (error) {
      notices.fail(`show “${name}”`, error);
    }
  }

  async function add(chosen: readonly File[]): Promise<void> {
    if (chosen.length === 0) return;
    const id = await ensureNote();
    if (id === undefined) return;
    noteId ??= id;
    let attached = 0;
    for (const file of chosen) {
      const progress = element('progress', { 'aria-label': `Attaching ${file.name}` });
      const waiting = element(
        'li',
        { class: 'file is-waiting' },
        element('div', { class: 'file-picture' }, icon('file')),
        element(
          'div',
          { class: 'file-words' },
          element('span', { class: 'file-name' }, file.name),
          progress,
        ),
      );
      if (noteId === id) list.append(waiting);
      try {
        await files.attach(id, file, (done, total) => {
          progress.max = Math.max(1, total);
          progress.value = done;
        });
        attached += 1;
      } catch (error) {
        notices.fail(`attach “${file.name}”`, error, {
          label: 'Try again',
          run: () => void add([file]),
        });
      }
      waiting.remove();
    }
    if (noteId === id) await show(id);
    if (attached > 0) notices.tell(`${countText(attached, 'file')} attached.`);
  }

  return {
    element: element('div', { class: 'attachments' }, list, picker),
    show,
    add,
    async readAll() {
      const id = noteId;
      return id === undefined ? [] : Promise.all(shown.map(({ name }) => files.read(id, name)));
    },
    choose: () => picker.click(),
  };
}
