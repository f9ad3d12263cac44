import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { faulty, type Trouble } from './faulty.ts';
import { filesIn, keysOf, newFolder, providerWith, putText, textOf } from './folders.ts';

const OLD = { text: 'old', tag: 'old' };
const MOST_CALLS = 200;
/** Calls that fail at the same time, each in a folder of its own. */
const AT_ONCE = 8;

interface Attempt {
  readonly title: string;
  /** It also runs with a file that is said to be gone while it is there. */
  readonly mayBeLiedTo?: boolean;
  /** It also runs with a folder that is said to hold something, or a file not to give way. */
  readonly mayBeInTheWay?: boolean;
  readonly run: (provider: StorageProvider) => Promise<unknown>;
}

const ATTEMPTS: readonly Attempt[] = [
  {
    title: 'a put',
    mayBeLiedTo: true,
    mayBeInTheWay: true,
    run: (provider) => putText(provider, 'a', 'new', { tags: ['new'] }),
  },
  { title: 'a put without attributes', run: (provider) => putText(provider, 'a', 'plain') },
  {
    title: 'a put into a new folder',
    mayBeLiedTo: true,
    mayBeInTheWay: true,
    run: (provider) => putText(provider, 'n/e/w', 'x', { tags: ['x'] }),
  },
  {
    title: 'a put in the place of an empty folder',
    mayBeLiedTo: true,
    mayBeInTheWay: true,
    run: (provider) => putText(provider, 'empty', 'x', { tags: ['x'] }),
  },
  { title: 'a delete', run: (provider) => provider.delete('a', {}) },
  {
    title: 'a change of attributes',
    run: async (provider) => provider.setMetadata?.('a', { cacheControl: 'no-store' }, {}),
  },
  { title: 'a copy', run: async (provider) => provider.copy?.('a', 'c/d', {}) },
  { title: 'a move', mayBeLiedTo: true, run: async (provider) => provider.move?.('a', 'c/d', {}) },
  { title: 'a get', mayBeLiedTo: true, run: (provider) => textOf(provider, 'a') },
  { title: 'a listing', run: (provider) => keysOf(provider) },
  {
    title: 'a listing with attributes',
    mayBeLiedTo: true,
    run: async (provider) => {
      for await (const _page of provider.list({ include: ['attributes'] }));
    },
  },
  {
    title: 'an upload',
    mayBeLiedTo: true,
    run: async (provider) => {
      const session = await provider.upload?.('a', { attributes: { tags: ['parts'] } });
      await session?.write(0, new TextEncoder().encode('parts'));
      await session?.complete();
    },
  },
  {
    title: 'a check',
    run: async (provider) => {
      const health = await provider.health?.({});
      if (health?.error !== undefined) throw health.error;
    },
  },
];

/** The object is one write with its own attributes, or gone. */
async function checkWhole(provider: StorageProvider, hasLies: boolean): Promise<void> {
  for (const key of await keysOf(provider)) {
    const object = await provider.get(key, {});
    const { tags = ['plain'] } = object.info;
    const text = await object.text();
    if (!hasLies) expect(tags, `attributes of ${key}`).toEqual([text]);
    expect(['old', 'new', 'plain', 'parts', 'x']).toContain(text);
  }
}

/** Runs what is given the number of a call until it says that there are no more calls. */
async function atEveryCall(run: (at: number) => Promise<boolean>): Promise<void> {
  for (let first = 1; first < MOST_CALLS; first += AT_ONCE) {
    const calls = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    if ((await Promise.all(calls.map(run))).includes(true)) return;
  }
  expect.fail(`There are more than ${MOST_CALLS} calls.`);
}

async function removeFolder({ name }: FileSystemDirectoryHandle): Promise<void> {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
}

describe.each([
  ['UnknownError', ATTEMPTS],
  ['NotFoundError', ATTEMPTS.filter(({ mayBeLiedTo }) => mayBeLiedTo)],
  ['InvalidModificationError', ATTEMPTS.filter(({ mayBeInTheWay }) => mayBeInTheWay)],
] as const)('one %s of the browser', (error, attempts) => {
  test.each(attempts)(
    'at any step of $title leaves whole objects',
    { timeout: 120_000 },
    async ({ run }) => {
      let failures = 0;
      await atEveryCall(async (at) => {
        const folder = await newFolder();
        const empty = await folder.getDirectoryHandle('empty', { create: true });
        await empty.getDirectoryHandle('inner', { create: true });
        const clean = providerWith({ root: folder.name });
        await putText(clean, 'a', OLD.text, { tags: [OLD.tag] });
        const trouble: Trouble = { at: 0, error, calls: 0 };
        const provider = providerWith({ directory: faulty(folder, trouble), worker: false });
        await keysOf(provider);
        trouble.calls = 0;
        trouble.at = at;
        await run(provider).catch(() => {
          failures += 1;
        });
        const isOver = trouble.calls < at;
        trouble.at = 0;
        await checkWhole(clean, error === 'NotFoundError');
        await putText(provider, 'a', 'new', { tags: ['new'] });
        expect(await textOf(clean, 'a')).toBe('new');
        for (const each of [provider, clean]) await each.close?.();
        await removeFolder(folder);
        return isOver;
      });
      if (error === 'UnknownError') expect(failures).toBeGreaterThan(0);
    },
  );
});

test('the opening survives a failure at any step, and is made again', {
  timeout: 120_000,
}, async () => {
  await atEveryCall(async (at) => {
    const folder = await newFolder();
    const trouble: Trouble = { at, error: 'UnknownError', calls: 0 };
    const provider = providerWith({ directory: faulty(folder, trouble) });
    await keysOf(provider).catch(() => {});
    const isOver = trouble.calls < at;
    trouble.at = 0;
    await putText(provider, 'a', 'new');
    expect(await textOf(provider, 'a')).toBe('new');
    expect((await filesIn(folder)).filter((path) => !path.startsWith('.'))).toEqual(['a']);
    await provider.close?.();
    await removeFolder(folder);
    return isOver;
  });
});

test('a file of the wrong kind in the bookkeeping stops nobody', async () => {
  const folder = await newFolder();
  const provider = providerWith({ root: folder.name });
  const session = (await provider.upload?.('a', {})) ?? expect.unreachable();
  const hidden = await folder.getDirectoryHandle('.granary');
  const uploads = await hidden.getDirectoryHandle('uploads');
  await uploads.getFileHandle('stray', { create: true });
  await uploads.getDirectoryHandle('empty', { create: true });
  for await (const { key } of provider.uploads?.({}) ?? []) expect(key).toBe('a');
  for await (const id of uploads.keys()) {
    if (id === 'stray' || id === 'empty') continue;
    await uploads.removeEntry(id, { recursive: true });
  }
  await expect(session.write(0, new Uint8Array(1))).rejects.toMatchObject({ restart: true });
  await session.abort();
  await expect(provider.upload?.('a', { token: session.token })).rejects.toMatchObject({
    restart: true,
  });
  await provider.put('b', toBody('x'), {});
  await provider.close?.();
});
