import '../src/style.css';
import { createMemory, type StorageEngine } from '@granary/storage/browser';
import { afterEach, beforeEach, vi } from 'vitest';
import { page } from 'vitest/browser';
import { type App, type AppOptions, startApp } from '../src/page/app.ts';

/** The page over a storage in memory, for tests inside a browser. */

export const NOW: Date = new Date('2026-11-21T10:00:00Z');

/** The storage of the test that runs. */
export let storage: StorageEngine;
/** What the test that runs has started. */
export let apps: App[];
let ids: number;

beforeEach(async () => {
  await page.viewport(1200, 800);
  history.replaceState(null, '', '#/');
  localStorage.clear();
  storage = createMemory();
  apps = [];
  ids = 0;
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const app of apps) await app.close();
});

/** Starts the page. Ids are `id-1` for the tab, then `id-2` for the first note, and so on. */
export async function start(options: Partial<AppOptions> = {}): Promise<App> {
  document.body.replaceChildren();
  const app = await startApp(document.body, {
    storage,
    shelf: localStorage,
    navigator: { locks: navigator.locks },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    now: () => NOW,
    reload: () => {},
    // A busy machine may take longer than somebody who reads.
    stays: { toAct: 600_000, toRead: 600_000 },
    ...options,
  });
  apps.push(app);
  return app;
}

/** The storage, where some calls are answered otherwise. */
export function altered(changes: Partial<StorageEngine>): StorageEngine {
  return Object.assign(Object.create(storage) as StorageEngine, changes);
}

/** A button, field or row by its role and name, waited for. */
export const role = (
  name: Parameters<typeof page.getByRole>[0],
  label: string | RegExp,
): ReturnType<typeof page.getByRole> => page.getByRole(name, { name: label, exact: true });

/** Part of a text that is shown. */
export const words = (text: string): ReturnType<typeof page.getByText> =>
  page.getByText(text, { exact: false });

/** Begins a note and types it. */
export async function write(title: string, text: string): Promise<void> {
  await role('button', 'New note').click();
  await role('textbox', 'Title').fill(title);
  await role('textbox', 'Text').fill(text);
}

/** Chooses a file in a picker of the page. */
export function choose(selector: string, ...files: readonly File[]): void {
  const picker = document.querySelector<HTMLInputElement>(selector);
  const chosen = new DataTransfer();
  for (const file of files) chosen.items.add(file);
  if (picker === null) throw new Error(`There is no ${selector}.`);
  picker.files = chosen.files;
  picker.dispatchEvent(new Event('change'));
}

/** What screen readers hear at once. */
export const alertText = (): string | null | undefined =>
  document.querySelector('[role=alert]')?.textContent;

/** How safe the open note is. */
export const status = (): string | null | undefined =>
  document.querySelector('.note-status')?.textContent;

/** How many notes the list says that there are. */
export const listStatus = (): string | null | undefined =>
  document.querySelector('.list-status')?.textContent;

/** The titles of the rows, from above. */
export const titles = (): (string | null | undefined)[] =>
  [...document.querySelectorAll('.row')]
    .sort(
      (a, b) => Number(a.getAttribute('aria-posinset')) - Number(b.getAttribute('aria-posinset')),
    )
    .map((row) => row.querySelector('.row-title')?.textContent);
