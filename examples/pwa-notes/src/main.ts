import './style.css';
import { createStorage } from '@granary/storage/browser';
import { startPage } from './page/start-page.ts';

await startPage({
  root: document.body,
  createStorage,
  shelf: localStorage,
  navigator,
  network: window,
  reload: () => location.reload(),
  ...(import.meta.env.PROD && { workerUrl: './service-worker.js' }),
});
