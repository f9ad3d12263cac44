import type { StorageEngine, StorageWarning } from '@granary/storage/browser';
import { warningText } from '../notes/describe-error.ts';
import { type App, type AppOptions, startApp } from './app.ts';
import { type OfflineOptions, workOffline } from './offline.ts';

/** What {@link startPage} finds in a browser. */
export interface PageOptions {
  readonly root: HTMLElement;
  readonly createStorage: (options: {
    readonly appName: string;
    readonly onWarning: (warning: StorageWarning) => void;
  }) => StorageEngine;
  readonly shelf: AppOptions['shelf'];
  readonly navigator: AppOptions['navigator'] & {
    readonly onLine: boolean;
    /** Absent where the browser has none, or the page has no secure origin. */
    readonly serviceWorker?: OfflineOptions['workers'];
  };
  /** Tells `online` and `offline`, as a window does. */
  readonly network: EventTarget;
  readonly reload: () => void;
  /** The service worker that the build makes. Absent where there is no build. */
  readonly workerUrl?: string;
}

/** Starts the page on the best storage of the browser, says what is known of it, and works offline. */
export async function startPage(options: PageOptions): Promise<App> {
  const { root, createStorage, shelf, navigator, network, reload, workerUrl } = options;
  // Warnings come before there is a page to show them.
  const early: (() => void)[] = [];
  let app: App | undefined;
  const storage = createStorage({
    appName: 'pwa-notes',
    onWarning(warning) {
      const show = () => app?.banner(warning.code, warningText(warning));
      if (app === undefined) early.push(show);
      else show();
    },
  });
  const started = await startApp(root, {
    storage,
    shelf,
    navigator,
    reload,
    newId: () => crypto.randomUUID(),
    now: () => new Date(),
  });
  app = started;
  for (const show of early) show();

  const sayNetwork = () => {
    const words = navigator.onLine ? undefined : 'You are offline. Notes are saved here as ever.';
    started.banner('network', words);
  };
  for (const name of ['online', 'offline']) network.addEventListener(name, sayNetwork);
  sayNetwork();

  const { serviceWorker: workers } = navigator;
  if (workerUrl === undefined || workers === undefined) return started;
  try {
    await workOffline({
      workers,
      scriptUrl: workerUrl,
      onUpdate(activate) {
        started.notices.tell('A new version is ready.', { label: 'Reload', run: activate });
      },
      async onActivated() {
        if (await started.flush()) reload();
      },
    });
  } catch (error) {
    started.notices.fail('make the page work offline', error);
  }
  return started;
}
