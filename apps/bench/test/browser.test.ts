import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowserServer } from '../src/browser/browser-server.ts';
import { type BrowserTabs, browserTabs } from '../src/browser/browser-tabs.ts';
import type { RunningServer } from '../src/harness/servers.ts';

let server: RunningServer;
let tabs: BrowserTabs;

beforeAll(async () => {
  server = await startBrowserServer();
  tabs = browserTabs(3000);
  await tabs.connect(server.facts);
});
afterAll(async () => {
  await tabs.disconnect();
  await server.stop();
});

describe('the page of a subject', () => {
  test('passes on what went wrong in it', async () => {
    const tab = await tabs.open(server.facts, 'errors');
    await expect(tab.ask({ call: 'verify' })).rejects.toThrow('before it was started');
    await tab.close();
  });

  test('makes the calls in its address at once', async () => {
    const tab = await tabs.open(server.facts, 'address');
    expect(await tab.reload([{ call: 'rest' }, { call: 'rest' }])).toBeUndefined();
    await expect(tab.reload([{ call: 'verify' }])).rejects.toThrow('before it was started');
    await tab.close();
  });

  test('has its storage to itself', async () => {
    const task = {
      kind: 'cold',
      home: 'IndexedDB',
      subject: 'raw-idb',
      counts: { items: 4 },
    } as const;
    const first = await tabs.open(server.facts, 'first');
    await first.ask({ call: 'start', task });
    await first.ask({ call: 'verify' });
    const run = { call: 'run', round: 0, part: 'all' } as const;
    expect(await first.reload([{ call: 'start', task }, run])).toHaveProperty('open');
    const second = await tabs.open(server.facts, 'second');
    await expect(second.reload([{ call: 'start', task }, run])).rejects.toThrow('no such note');
    await first.close();
    await second.close();
    const again = await tabs.open(server.facts, 'first');
    await expect(again.reload([{ call: 'start', task }, run])).rejects.toThrow('no such note');
    await again.close();
  });
});

test('there are no pages without a connection', async () => {
  await expect(browserTabs().open(server.facts, 'none')).rejects.toThrow('no connection');
});
