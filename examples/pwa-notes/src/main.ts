import './style.css';
import { createStorage, type StorageWarning } from '@granary/storage/browser';
import { warningText } from './notes/describe-error.ts';
import { startApp } from './page/app.ts';
import { workOffline } from './page/offline.ts';

const warnings: StorageWarning[] = [];
let warn = (warning: StorageWarning): void => void warnings.push(warning);
const storage = createStorage({
  appName: 'pwa-notes',
  onWarning: (warning) => warn(warning),
});

const app = await startApp(document.body, {
  storage,
  shelf: localStorage,
  navigator,
  newId: () => crypto.randomUUID(),
  now: () => new Date(),
});

warn = (warning) => app.banner(warning.code, warningText(warning));
for (const warning of warnings) warn(warning);

const sayNetwork = () =>
  app.banner(
    'network',
    navigator.onLine ? undefined : 'You are offline. Notes are saved here as ever.',
  );
for (const name of ['online', 'offline']) window.addEventListener(name, sayNetwork);
sayNetwork();

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  try {
    await workOffline({
      workers: navigator.serviceWorker,
      scriptUrl: './service-worker.js',
      onUpdate(activate) {
        app.notices.tell('A new version is ready.', { label: 'Reload', run: activate });
      },
      async onActivated() {
        if (await app.flush()) location.reload();
      },
    });
  } catch (error) {
    app.notices.fail('make the page work offline', error);
  }
}
