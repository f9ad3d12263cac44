import type { NoteCollection } from '../notes/note-collection.ts';
import type { NotesStore } from '../notes/notes-store.ts';
import { parseSearch, toggleTag } from '../notes/search-query.ts';
import { element } from './element.ts';

/** The search field, with the tags that occur most. */
export interface SearchField {
  readonly element: HTMLElement;
  readonly typed: string;
  readonly isSearching: boolean;
  /** A note was written: it stays in sight while a search is shown, until the next one. */
  noteChanged(id: string): void;
  drawTags(): void;
  focus(): void;
}

/** What {@link createSearchField} works by. */
export interface SearchFieldOptions {
  readonly store: NotesStore;
  readonly notes: NoteCollection;
  /** The collection shows something else now. */
  readonly onResult: () => void;
  readonly onError: (error: unknown) => void;
  /** How long typing must pause. Units: ms. Default: 150. */
  readonly pauseMs?: number;
}

const TAGS_SHOWN = 12;

/** Makes a search field that narrows down what a collection shows. */
export function createSearchField(options: SearchFieldOptions): SearchField {
  const { store, notes, onResult, onError, pauseMs = 150 } = options;
  let current: AbortController | undefined;
  let shown: ReadonlySet<string> | undefined;
  let timer = 0;
  let drawn = '';
  const input = element('input', {
    class: 'search',
    type: 'search',
    placeholder: 'Search text and #tags',
    'aria-label': 'Search text and #tags',
    autocomplete: 'off',
    enterkeyhint: 'search',
  });
  const tags = element('div', { class: 'search-tags', role: 'group', 'aria-label': 'Tags' });

  async function search(): Promise<void> {
    current?.abort();
    const own = new AbortController();
    current = own;
    const found = new Set<string>();
    try {
      const pages = store.search(input.value, own.signal);
      if (pages === undefined) {
        shown = undefined;
      } else {
        for await (const ids of pages) {
          for (const id of ids) found.add(id);
          if (current !== own) return;
          shown = found;
          // A new set, because the collection remembers what it shows.
          notes.show(new Set(found));
          onResult();
        }
        shown = found;
      }
    } catch (error) {
      if (own.signal.aborted) return;
      onError(error);
    }
    if (current !== own) return;
    current = undefined;
    notes.show(shown);
    onResult();
  }

  function start(): void {
    clearTimeout(timer);
    timer = window.setTimeout(() => void search(), pauseMs);
    drawTags();
  }

  function drawTags(): void {
    const chosen = new Set(parseSearch(input.value).tags);
    const known = notes
      .tags()
      .slice(0, TAGS_SHOWN)
      .map(([tag]) => tag);
    const all = [...new Set([...chosen, ...known])];
    const now = JSON.stringify([all, [...chosen]]);
    if (now === drawn) return;
    drawn = now;
    const focused = tags.contains(document.activeElement)
      ? document.activeElement?.textContent
      : undefined;
    tags.replaceChildren(
      ...all.map((tag) => {
        const chip = element(
          'button',
          { type: 'button', class: 'search-tag', 'aria-pressed': String(chosen.has(tag)) },
          `#${tag}`,
        );
        chip.addEventListener('click', () => {
          input.value = toggleTag(input.value, tag);
          start();
        });
        return chip;
      }),
    );
    for (const chip of tags.querySelectorAll('button')) {
      if (chip.textContent === focused) chip.focus();
    }
  }

  input.addEventListener('input', start);
  return {
    element: element('search', { class: 'search-box' }, input, tags),
    get typed() {
      return input.value;
    },
    get isSearching() {
      return current !== undefined;
    },
    noteChanged(id) {
      if (shown === undefined) return;
      shown = new Set([...shown, id]);
      notes.show(shown);
    },
    drawTags,
    focus: () => input.focus(),
  };
}
