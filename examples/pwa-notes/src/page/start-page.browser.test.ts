import { createMemory, type StorageWarning } from '@granary/storage/browser';
import { beforeEach, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import { type PageOptions, startPage } from './start-page.ts';

/** Service workers of a browser, of which a test says what happens. */
class FakeWorkers extends EventTarget {
  readonly controller = {};
  readonly ready = Promise.resolve();
  readonly waiting = { postMessage: vi.fn() };
  readonly register = vi.fn(async () =>
    Object.assign(new EventTarget(), { installing: null, waiting: this.waiting }),
  );
}

const WARNING: StorageWarning = {
  code: 'not-durable',
  message: 'in memory.',
  chosen: 'memory',
  failed: [],
};

let workers: FakeWorkers;
let online: boolean;
let warn: (warning: StorageWarning) => void;
const network = new EventTarget();
const reload = vi.fn();
const banners = () =>
  [...document.querySelectorAll('.banner')].map(({ textContent }) => textContent);

const start = (more: Partial<PageOptions> = {}, hasWorkers = true) =>
  startPage({
    root: document.body,
    createStorage({ onWarning }) {
      warn = onWarning;
      return createMemory();
    },
    shelf: localStorage,
    navigator: {
      get onLine() {
        return online;
      },
      ...(hasWorkers && { serviceWorker: workers as unknown as ServiceWorkerContainer }),
    },
    network,
    reload,
    workerUrl: './service-worker.js',
    ...more,
  });

beforeEach(() => {
  history.replaceState(null, '', '#/');
  localStorage.clear();
  reload.mockClear();
  workers = new FakeWorkers();
  online = true;
});

test('warnings of the storage are shown, those that came before the page too', async () => {
  const app = await start({
    createStorage({ onWarning }) {
      warn = onWarning;
      onWarning(WARNING);
      return createMemory();
    },
  });
  expect(banners()).toEqual([expect.stringContaining('in memory only: export them')]);
  warn({ ...WARNING, code: 'fell-back', message: 'Something else is used.' });
  expect(banners()).toContain('Something else is used.');
  await app.close();
});

test('being offline is told as long as it lasts', async () => {
  online = false;
  const app = await start();
  expect(banners()).toEqual(['You are offline. Notes are saved here as ever.']);
  online = true;
  network.dispatchEvent(new Event('online'));
  expect(banners()).toEqual([]);
  await app.close();
});

test('a new version is loaded when somebody says so, after what is typed was saved', async () => {
  const app = await start();
  expect(workers.register).toHaveBeenCalledWith('./service-worker.js', expect.anything());
  await page.getByRole('button', { name: 'New note' }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill('Rye');
  await page.getByRole('button', { name: 'Reload' }).click();
  expect(workers.waiting.postMessage).toHaveBeenCalledWith('activate');
  expect(reload).not.toHaveBeenCalled();
  workers.dispatchEvent(new Event('controllerchange'));
  await expect.poll(() => reload.mock.calls.length).toBe(1);
  expect(document.querySelector('.note-status')?.textContent).toBe('Saved');
  await app.close();
});

test('a new version is not loaded over what cannot be saved', async () => {
  const storage = createMemory();
  const save = vi.fn(() => Promise.reject(new Error('full')));
  const app = await start({ createStorage: () => Object.assign(storage, { save }) });
  await page.getByRole('button', { name: 'New note' }).click();
  await page.getByRole('textbox', { name: 'Text' }).fill('Rye');
  await page.getByRole('button', { name: 'Reload' }).click();
  const flushes = save.mock.calls.length;
  workers.dispatchEvent(new Event('controllerchange'));
  await expect.poll(() => save.mock.calls.length).toBeGreaterThan(flushes);
  await expect.poll(() => document.querySelector('.note-status')?.textContent).toBe('Not saved');
  expect(reload).not.toHaveBeenCalled();
  await app.close();
});

test('a page that cannot work offline says so, and works', async () => {
  workers.register.mockRejectedValueOnce(new Error('not allowed'));
  const app = await start();
  await expect.element(page.getByText('Could not make the page work offline')).toBeVisible();
  await app.close();
});

test('nothing is registered without a build, and nothing where there are no service workers', async () => {
  const app = await startPage({
    root: document.body,
    createStorage: () => createMemory(),
    shelf: localStorage,
    navigator: { onLine: true, serviceWorker: workers as unknown as ServiceWorkerContainer },
    network,
    reload,
  });
  expect(workers.register).not.toHaveBeenCalled();
  await app.close();
  const other = await start({}, false);
  expect(document.querySelector('.list-status')?.textContent).toBe('0 notes');
  await other.close();
});
