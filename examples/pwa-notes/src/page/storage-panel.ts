import type { StorageEngine } from '@granary/storage/browser';
import { sizeText } from '../notes/wording.ts';
import { button, element } from './element.ts';
import type { Notices } from './notices.ts';

/** What the browser tells about the room it gives, as `navigator.storage` has it. */
export type BrowserRoom = Partial<Pick<StorageManager, 'estimate' | 'persist' | 'persisted'>>;

/** Which storage is used, how full it is, and what can be done with all notes at once. */
export interface StoragePanel {
  readonly element: HTMLDialogElement;
  /** Opens the panel, with what is true now. */
  open(): void;
}

/** What {@link createStoragePanel} works by. */
export interface StoragePanelOptions {
  readonly storage: StorageEngine;
  readonly room: BrowserRoom;
  readonly notices: Notices;
  /** Each says how far it is, and resolves to what it did in words. */
  readonly onSamples: (say: (words: string) => void) => Promise<string>;
  readonly onExport: (say: (words: string) => void) => Promise<string>;
  readonly onImport: (file: File, say: (words: string) => void) => Promise<string>;
}

/** Makes the panel. */
export function createStoragePanel(options: StoragePanelOptions): StoragePanel {
  const { storage, room, notices } = options;
  const facts = element('dl', { class: 'facts' });
  const meter = element('meter', {
    class: 'room',
    min: '0',
    max: '1',
    high: '0.8',
    optimum: '0.2',
  });
  const report = element('p', { class: 'panel-words panel-report', role: 'status' });
  const picker = element('input', { type: 'file', accept: 'application/json,.json', hidden: true });

  async function refresh(): Promise<void> {
    const [estimate, isPersisted, usage] = await Promise.all([
      room.estimate?.().catch(() => undefined),
      room.persisted?.().catch(() => undefined),
      storage.getCapabilities().usage === true
        ? storage.usage().catch((error: unknown) => {
            notices.fail('ask the storage how full it is', error);
          })
        : undefined,
    ]);
    const { provider, reason, durable } = storage.getInfo();
    const rows: [string, string][] = [['Storage', provider]];
    if (reason !== undefined) rows.push(['Why this one', reason]);
    rows.push([
      'Keeps notes',
      durable ? 'after the page is closed' : 'only while this page is open',
    ]);
    if (usage?.objects !== undefined) rows.push(['Objects', usage.objects.toLocaleString('en-US')]);
    if (usage?.usedBytes !== undefined) rows.push(['Used by notes', sizeText(usage.usedBytes)]);
    if (estimate?.usage !== undefined && estimate.quota !== undefined) {
      rows.push([
        'Room in this browser',
        `${sizeText(estimate.usage)} of ${sizeText(estimate.quota)}`,
      ]);
      meter.value = estimate.quota === 0 ? 1 : estimate.usage / estimate.quota;
    }
    meter.hidden = estimate?.quota === undefined;
    rows.push(['Safe from clean-up', safety(isPersisted)]);
    keep.hidden = isPersisted !== false || room.persist === undefined;
    facts.replaceChildren(
      ...rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
    );
  }

  async function askToKeep(): Promise<void> {
    try {
      const isGranted = (await room.persist?.()) === true;
      report.textContent = isGranted
        ? 'The browser keeps the notes until you delete them.'
        : 'The browser did not agree. It tends to once the page is installed or often used.';
    } catch (error) {
      notices.fail('ask for lasting storage', error);
    }
    await refresh();
  }

  async function run(what: string, work: (say: (words: string) => void) => Promise<string>) {
    for (const one of actions) one.disabled = true;
    try {
      report.textContent = await work((words) => {
        report.textContent = words;
      });
    } catch (error) {
      report.textContent = '';
      dialog.close();
      notices.fail(what, error);
    }
    for (const one of actions) one.disabled = false;
    await refresh();
  }

  const keep = button({
    label: 'Ask the browser to keep the notes',
    onClick: () => void askToKeep(),
  });
  const actions = [
    button({
      label: 'Export',
      icon: 'down',
      onClick: () => void run('export the notes', options.onExport),
    }),
    button({ label: 'Import…', icon: 'file', onClick: () => picker.click() }),
    button({
      label: 'Add 10,000 samples',
      icon: 'plus',
      onClick: () => void run('add samples', options.onSamples),
    }),
  ];
  picker.addEventListener('change', () => {
    const [file] = picker.files ?? [];
    if (file !== undefined) void run('import the notes', (say) => options.onImport(file, say));
    picker.value = '';
  });

  const close = button({
    label: 'Close',
    icon: 'close',
    isIconOnly: true,
    onClick: () => dialog.close(),
  });
  const dialog = element(
    'dialog',
    { class: 'panel', 'aria-labelledby': 'panel-title' },
    element(
      'header',
      { class: 'panel-head' },
      element('h2', { id: 'panel-title' }, 'Storage'),
      close,
    ),
    facts,
    meter,
    element('div', { class: 'panel-actions' }, keep),
    element('h3', {}, 'All notes'),
    element(
      'p',
      { class: 'panel-words' },
      'An export is a JSON file of all notes and their tags. Attached files are not in it.',
    ),
    element('div', { class: 'panel-actions' }, ...actions),
    picker,
    report,
  );
  meter.setAttribute('aria-label', 'Room that is used in this browser');
  // A click beside the panel closes it.
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });

  return {
    element: dialog,
    open() {
      report.textContent = '';
      void refresh();
      if (!dialog.open) dialog.showModal();
    },
  };
}

function safety(isPersisted: boolean | undefined): string {
  if (isPersisted === undefined) return 'this browser does not say';
  return isPersisted ? 'yes' : 'no; the browser may clear them when the device is full';
}
