import { expect, test } from 'vitest';
import { attributes, companionProvider } from '../../test/companion-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import { withCompanion } from './with-companion.ts';

test('fails a write whose old attributes would be taken for the new ones', async () => {
  const tiny = tinyProvider({ capabilities: { attributes: 'none', etagCovers: 'content' } });
  let broken = false;
  const below: StorageProvider = {
    ...tiny,
    async put(key, body, options) {
      if (broken && key.endsWith('.meta.json') && tiny.calls.includes('put a second')) {
        throw new StorageError('unavailable', 'cut.');
      }
      const info = await tiny.put(key, body, options);
      if (key === 'a' && broken) tiny.calls.push('put a second');
      return key === 'a' ? { ...info, etag: 'same' } : info;
    },
    async stat(key, options) {
      const info = await tiny.stat(key, options);
      return key === 'a' ? { ...info, etag: 'same' } : info;
    },
  };
  const provider = guardProvider(withCompanion(below));
  await provider.put('a', toBody('x'), { tags: ['old'] });
  await provider.put('a', toBody('x'), { tags: ['new'] });
  expect((await provider.stat('a', {})).tags).toEqual(['new']);
  broken = true;
  await expect(provider.put('a', toBody('x'), { tags: ['newer'] })).rejects.toMatchObject({
    code: 'unavailable',
    outcome: 'unknown',
  });
});

test('stores the write all the same when only the tidying up failed', async () => {
  let armed = false;
  const { provider } = companionProvider('meta-json', {
    async intercept({ operation, key }, proceed) {
      if (armed && operation === 'delete' && key.endsWith('.meta.json'))
        throw new StorageError('unavailable', 'cut.');
      return proceed();
    },
  });
  await provider.put('a', toBody('x'), attributes);
  armed = true;
  await provider.put('a', toBody('y'), {});
  expect((await provider.stat('a', {})).tags).toBeUndefined();
});

test('does not write over a manifest that another process changed meanwhile', async () => {
  const shared = tinyProvider({ capabilities: { attributes: 'none' } });
  let races = 3;
  const racing: StorageProvider = {
    ...shared,
    async get(key, options) {
      const object = await shared.get(key, options);
      if (key.endsWith('.source-metadata.json') && races > 0) {
        races -= 1;
        await guardProvider(withCompanion(shared, { layout: 'manifest' })).put(
          `other${races}`,
          toBody('x'),
          { tags: ['o'] },
        );
      }
      return object;
    },
  };
  const provider = guardProvider(withCompanion(racing, { layout: 'manifest' }));
  await provider.put('a', toBody('x'), { tags: ['a'] });
  await provider.put('b', toBody('x'), { tags: ['b'] });
  const reader = guardProvider(withCompanion(shared, { layout: 'manifest' }));
  for (const [key, tag] of [
    ['a', 'a'],
    ['b', 'b'],
    ['other0', 'o'],
    ['other2', 'o'],
  ] as const) {
    expect((await reader.stat(key, {})).tags).toEqual([tag]);
  }
  races = 1000;
  await expect(provider.put('c', toBody('x'), { tags: ['c'] })).rejects.toMatchObject({
    code: 'conflict',
    outcome: 'not-applied',
  });
  races = 0;
  await provider.delete('a', {});
  await provider.delete('a', {});
  expect((await reader.stat('b', {})).tags).toEqual(['b']);
});

test('gives up reading what changes without end', async () => {
  const tiny = tinyProvider({ capabilities: { attributes: 'none' } });
  const provider = guardProvider(withCompanion(tiny));
  await provider.put('a', toBody('x'), attributes);
  const stat = tiny.stat;
  let count = 0;
  const restless = guardProvider(
    withCompanion({
      ...tiny,
      async stat(key, options) {
        count += 1;
        return { ...(await stat(key, options)), etag: `r${count}` };
      },
    }),
  );
  await expect(restless.stat('a', {})).rejects.toMatchObject({ code: 'conflict', retryable: true });
});
