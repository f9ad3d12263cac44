import { describe, expect, test } from 'vitest';
import { type TinyCall, tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import type { CompanionOptions } from './companion-options.ts';
import { withCompanion } from './with-companion.ts';

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** Two processes over one store, in which content has a hash and companions are written over what was seen. */
function open(changes: Partial<CompanionOptions> = {}) {
  let between: ((call: TinyCall) => Promise<unknown> | undefined) | undefined;
  const tiny = tinyProvider({
    capabilities: { attributes: 'none' },
    async intercept(call, proceed) {
      await between?.(call);
      return proceed();
    },
  });
  const options: CompanionOptions = {
    fingerprintOf: (content) => `hash ${textOf(content)}`,
    fingerprintsOf: ({ key, etag }) => {
      const { info, bytes } = tiny.objects.get(key) ?? {};
      return info?.etag === etag ? [`hash ${textOf(bytes)}`] : [];
    },
    async look(name, companion) {
      const info = tiny.objects.get(name)?.info;
      const said = tiny.objects.get(companion);
      return {
        ...(info && { info }),
        ...(said && { text: textOf(said.bytes), tag: said.info.etag }),
      };
    },
    async replace(companion, text, tag) {
      const over = tag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: tag };
      if (text === undefined) await tiny.delete(companion, { ifMatch: tag ?? '' });
      else return (await tiny.put(companion, toBody(text), over)).etag;
      return undefined;
    },
    ...changes,
  };
  /** Runs something once, when the content of the object is about to be written. */
  const beforeContent = (work: () => Promise<unknown>) => {
    between = ({ operation, key }) => {
      if (operation !== 'put' || key !== 'a') return undefined;
      between = undefined;
      return work();
    };
  };
  const one = withCompanion(tiny, options);
  const other = withCompanion(tiny, options);
  return {
    tiny,
    options,
    one,
    other,
    beforeContent,
    companion: () => textOf(tiny.objects.get('a.meta.json')?.bytes),
  };
}

const put = (provider: StorageProvider, content: string, ...tags: string[]) =>
  provider.put('a', toBody(content), tags.length > 0 ? { tags } : {});

async function read(provider: StorageProvider) {
  const object = await provider.get('a', {});
  return [await object.text(), ...(object.info.tags ?? [])];
}

describe('companions that are written over what was seen', () => {
  test('keep what each of two processes says of its content', async () => {
    const { one, other, beforeContent } = open();
    beforeContent(() => put(other, 'B', 'b'));
    await put(one, 'A', 'a');
    expect(await read(other)).toEqual(['A', 'a']);
    // A third write knows what is there, and keeps what may still come.
    beforeContent(async () => expect(await read(other)).toEqual(['A', 'a']));
    await put(other, 'C', 'c');
    expect(await read(one)).toEqual(['C', 'c']);
  });

  test('are looked at again when another process was faster', async () => {
    const { tiny, options, other, companion } = open();
    let looks = 0;
    const slow = withCompanion(tiny, {
      ...options,
      async look(name, companion, asked) {
        const seen = await options.look?.(name, companion, asked);
        looks += 1;
        if (looks === 1) await put(other, 'B', 'b');
        return seen ?? {};
      },
    });
    await put(slow, 'A', 'a');
    expect(looks).toBe(2);
    expect(await read(other)).toEqual(['A', 'a']);
    expect(JSON.parse(companion())).toMatchObject({
      next: { fingerprint: 'hash A' },
      previous: { tags: ['b'] },
    });
  });

  test('that others keep changing fail the write, and nothing is written', async () => {
    const { one, tiny } = open({
      replace: () => Promise.reject(new StorageError('precondition-failed', 'another one.')),
    });
    const error = { code: 'conflict', outcome: 'not-applied', hint: 'Try again.' };
    await expect(put(one, 'A', 'a')).rejects.toMatchObject(error);
    expect(tiny.objects.size).toBe(0);
    const cut = open({ replace: () => Promise.reject(new StorageError('unavailable', 'cut.')) });
    await expect(put(cut.one, 'A', 'a')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('of another process stay when a write fails', async () => {
    const { one, other, beforeContent } = open();
    beforeContent(async () => {
      await put(other, 'B', 'b');
      throw new StorageError('unavailable', 'cut.', { outcome: 'not-applied' });
    });
    await expect(put(one, 'A', 'a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await read(one)).toEqual(['B', 'b']);
  });

  test('go when there is nothing to say, unless another process came in between', async () => {
    const { one, other, beforeContent, companion } = open();
    await put(one, 'A', 'a');
    await put(one, 'B');
    expect(companion()).toBe('');
    await put(one, 'A', 'a');
    beforeContent(() => put(other, 'C', 'c'));
    await put(one, 'B');
    expect(await read(other)).toEqual(['B']);
    expect(companion()).toContain('hash C');
  });

  test('learn of a body that came without a hash, also where another process changed them', async () => {
    let settles = 0;
    const opened = open();
    const { tiny, other } = opened;
    const mine = withCompanion(tiny, {
      ...opened.options,
      replace: async (companion, text, tag, asked) => {
        settles += 1;
        // Another process announces a body between the arrival of this one and what is said of it.
        if (settles === 2) {
          opened.beforeContent(() => Promise.reject(new StorageError('unavailable', 'cut.')));
          await put(other, 'B', 'b').catch(() => {});
        }
        return opened.options.replace?.(companion, text, tag, asked);
      },
    });
    const session = await mine.upload?.('a', { attributes: { tags: ['a'] } });
    await session?.write(0, Uint8Array.of(65));
    await session?.complete();
    expect(settles).toBeGreaterThan(2);
    expect(await read(other)).toEqual(['A', 'a']);
    expect(opened.companion()).toContain('hash B');
  });

  test('change attributes as of what is there', async () => {
    const { one, other, beforeContent } = open();
    await put(one, 'O', 'o');
    beforeContent(async () => other.setMetadata?.('a', { tags: ['s'] }, {}));
    await put(one, 'A', 'a');
    expect(await read(other)).toEqual(['A', 'a']);
    await other.setMetadata?.('a', { tags: ['t'] }, {});
    expect(await read(one)).toEqual(['A', 't']);
    await expect(other.setMetadata?.('b', {}, {})).rejects.toMatchObject({ code: 'not-found' });
  });
});
