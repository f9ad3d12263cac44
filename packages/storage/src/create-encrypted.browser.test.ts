import { expect, test } from 'vitest';
import { createEncrypted, createIndexedDB } from './browser.ts';

test('encrypts in a page under a key that the browser keeps and does not hand out', async () => {
  const underlying = createIndexedDB({ dbName: 'encrypted-test' });
  const storage = createEncrypted({ underlying });
  await storage.save('secret', { pin: 4711 });
  // Another page of the application finds the same key.
  expect(await createEncrypted({ underlying }).load('secret')).toEqual({ pin: 4711 });
  const stored = await (await underlying.get('secret')).bytes();
  expect(String.fromCharCode(...stored)).not.toContain('4711');
  await storage.close();
});
