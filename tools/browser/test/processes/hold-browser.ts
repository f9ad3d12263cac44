// Opens a tab in the browser that the first argument names, says so, and stays until it is killed.
import { startBrowser } from '../../src/index.ts';

const browser = await startBrowser({
  entry: new URL('../pages/tab.ts', import.meta.url),
  name: process.argv[2] === 'firefox' ? 'firefox' : 'chromium',
});
const tab = await browser.open();
await tab.call('write', 'key', 'text');
console.log('open');
setInterval(() => undefined, 1_000);
