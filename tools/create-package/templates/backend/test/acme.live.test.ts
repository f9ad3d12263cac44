import { expect, test } from 'vitest';
import { createAcme } from '../src/index.ts';

const { GRANARY_ACME_ENDPOINT: endpoint, GRANARY_ACME_TOKEN: token } = process.env;

test('keeps an object in a real store', async ({ skip }) => {
  if (!endpoint || !token) {
    skip('set GRANARY_ACME_ENDPOINT and GRANARY_ACME_TOKEN to run this against a real store');
    return;
  }
  const storage = createAcme({ endpoint, token });
  const key = `granary-live-test/${crypto.randomUUID()}.json`;
  try {
    await storage.save(key, { hello: 'world' }, { tags: ['live'] });
    expect(await storage.load(key)).toEqual({ hello: 'world' });
    expect(await storage.list('granary-live-test/')).toContainEqual(
      expect.objectContaining({ key }),
    );
  } finally {
    await storage.delete(key);
    await storage.close();
  }
});
