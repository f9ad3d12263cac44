import { isStorageError } from '@granary/storage-core/provider';
import { ensure, equal, fail } from '../check.ts';
import { drain, during, filled, firstByte, forEach, noise, settle } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { operations } from '../open-context.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { unhandledRejections } from '../unhandled-rejections.ts';

const BIG = 256 * 1024;

/** Sizes tell the writers apart, so that a mix of two writes shows in size and content. */
function contentOf(writer: number): Uint8Array {
  return filled(BIG + writer * 1000, writer + 1);
}

function checkWhole(content: Uint8Array, size: number, what: string): number {
  const writer = firstByte(content) - 1;
  equal(content.byteLength, size, `${what}: bytes read, compared with the size told`);
  equal(
    content.byteLength,
    BIG + writer * 1000,
    `${what}: size of the content of writer ${writer}`,
  );
  if (!content.every((byte) => byte === writer + 1))
    fail(`${what}: the content is a mix of several writes`);
  return writer;
}

function isWorthATry(error: unknown): boolean {
  const isPassing = isStorageError(error, 'conflict') || isStorageError(error, 'unavailable');
  return isPassing && error.retryable;
}

/** Reads the object `a` while it is replaced, and checks every read. */
async function readWhileWriting(
  { provider, put }: Pick<ScenarioContext, 'provider' | 'put'>,
  streamed: boolean,
): Promise<void> {
  await put('a', contentOf(0));
  const etags = new Map<string, number>();
  await readDuring(
    async () => {
      for (let turn = 1; turn <= 20; turn += 1) await put('a', contentOf(turn % 5));
    },
    async () => {
      const object = await provider.get('a', {});
      const content = streamed ? await drain(object.stream()) : await object.bytes();
      const writer = checkWhole(content, object.info.size, 'a read during writes');
      const { etag } = object.info;
      equal(writer, etags.get(etag) ?? writer, 'writer that an etag stands for');
      etags.set(etag, writer);
    },
  );
}

/** Reads while some work goes on, and once after it. A read may fail when another try can do; it may not be wrong. */
async function readDuring(work: () => Promise<void>, read: () => Promise<void>): Promise<void> {
  await during(work, async () => {
    try {
      await read();
    } catch (error) {
      if (!isWorthATry(error)) throw error;
    }
  });
  await read();
}

async function racePutAndDelete(
  context: ScenarioContext,
  check: (context: ScenarioContext) => Promise<void>,
): Promise<void> {
  const { put, delete: remove } = context;
  for (let turn = 0; turn < 10; turn += 1) {
    await put('a', 'before');
    await Promise.all([put('a', 'after'), remove('a')]);
    await check(context);
  }
}

function absent(error: unknown): undefined {
  if (isStorageError(error, 'not-found')) return undefined;
  throw error;
}

export const concurrencyScenarios: readonly Scenario[] = [
  {
    rule: 'CONC-1',
    title: 'leaves one value of 64 racing writers, whole',
    async run({ put, provider, keys }) {
      await Promise.all(
        Array.from({ length: 64 }, (_, writer) => put('a', filled(1000 + writer, writer + 1))),
      );
      const object = await provider.get('a', {});
      const content = await object.bytes();
      const writer = firstByte(content) - 1;
      equal(content, filled(1000 + writer, writer + 1), 'content of one writer');
      equal(object.info.size, 1000 + writer, 'size');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'CONC-1',
    title: 'leaves the winner its own attributes',
    needs: ['attributes', 'atomicAttributes'],
    async run({ put, text, provider }) {
      for (let turn = 0; turn < 5; turn += 1) {
        await Promise.all(
          Array.from({ length: 16 }, (_, writer) =>
            put('a', `writer ${writer}`, { metadata: { writer }, tags: [`t${writer}`] }),
          ),
        );
        const info = await provider.stat('a', {});
        const writer = Number((await text('a')).slice('writer '.length));
        equal(info.metadata, { writer }, 'metadata of the winner');
        equal(info.tags, [`t${writer}`], 'tags of the winner');
      }
    },
  },
  {
    rule: 'CONC-1',
    title: 'ends a race of a put and a delete in one of the two states',
    run: (context) =>
      racePutAndDelete(context, async ({ text }) => {
        equal((await text('a').catch(absent)) ?? 'after', 'after', 'content after the race');
      }),
  },
  {
    rule: 'CONC-1',
    title: 'lists after a race of a put and a delete what a read finds',
    run: (context) =>
      racePutAndDelete(context, async ({ text, keys }) => {
        const isThere = (await text('a').catch(absent)) !== undefined;
        equal(await keys(), isThere ? ['a'] : [], 'the keys after the race');
      }),
  },
  {
    rule: 'CONC-2',
    title: 'shows readers whole objects while they are replaced',
    run: (context) => readWhileWriting(context, false),
  },
  {
    rule: 'CONC-2',
    title: 'shows readers whole streams while the object is replaced',
    run: (context) => readWhileWriting(context, true),
  },
  {
    rule: 'CONC-2',
    title: 'shows readers attributes and content of one write',
    needs: ['attributes', 'atomicAttributes'],
    async run({ provider, put }) {
      await put('a', 'n0', { metadata: { n: 0 } });
      await readDuring(
        async () => {
          for (let turn = 1; turn <= 60; turn += 1)
            await put('a', `n${turn}`, { metadata: { n: turn } });
        },
        async () => {
          const object = await provider.get('a', {});
          equal(
            `n${String(object.info.metadata?.['n'])}`,
            await object.text(),
            'metadata, compared with the content',
          );
        },
      );
    },
  },
  {
    rule: 'CONC-2',
    title: 'shows readers whole parts while the object is replaced',
    needs: ['rangeReads'],
    async run({ provider, put }) {
      await put('a', contentOf(0));
      await readDuring(
        async () => {
          for (let turn = 1; turn <= 20; turn += 1) await put('a', contentOf(turn % 5));
        },
        async () => {
          const object = await provider.get('a', { range: { suffix: 5000 } });
          const part = await object.bytes();
          const writer = firstByte(part) - 1;
          equal(part, filled(5000, writer + 1), 'a part during writes');
          equal(
            object.info.size,
            BIG + writer * 1000,
            'size of the object, compared with the writer of the part',
          );
        },
      );
    },
  },
  {
    rule: 'CONC-3',
    title: 'does many operations on different keys at once',
    slow: true,
    async run({ put, text, keys, provider }) {
      const names = Array.from(
        { length: 1000 },
        (_, index) => `d${index % 7}/e${index % 11}/k${index}`,
      );
      await Promise.all(names.map((key) => put(key, key)));
      equal((await keys()).toSorted(), names.toSorted(), 'the keys');
      const texts = await Promise.all(names.map((key) => text(key)));
      equal(texts, names, 'the contents');
      await Promise.all(names.map((key) => provider.delete(key, {})));
      equal(await keys(), [], 'the keys after deleting all of them at once');
    },
  },
  {
    rule: 'CONC-3',
    title: 'reads one object many times at once',
    async run({ put, bytes }) {
      const content = noise(20_000, 31);
      await put('a', content);
      const reads = await Promise.all(Array.from({ length: 200 }, () => bytes('a')));
      ensure(
        reads.every((read) => read.byteLength === 20_000),
        'every read should be whole',
      );
      equal(reads.at(-1), content, 'the last read');
    },
  },
  {
    rule: 'CONC-3',
    title: 'creates and empties the same folders at once',
    async run({ put, delete: remove, keys, text }) {
      await forEach(
        Array.from({ length: 60 }, (_, index) => index),
        20,
        async (index) => {
          const key = `a/b/c${index % 3}/k${index}`;
          await put(key, 'content');
          if (index % 2 === 0) await remove(key);
        },
      );
      const left = Array.from({ length: 60 }, (_, index) => index).filter(
        (index) => index % 2 === 1,
      );
      equal(
        (await keys()).toSorted(),
        left.map((index) => `a/b/c${index % 3}/k${index}`).toSorted(),
        'the keys',
      );
      equal(await text('a/b/c1/k1'), 'content', 'an object');
    },
  },
  {
    rule: 'CONC-4',
    title: 'lets two providers over one store see each other',
    needs: ['reopen'],
    async run(context) {
      const { put, text, keys, missing } = context;
      const other = operations(await context.reopen());
      await put('a', 'by the first');
      equal(await other.text('a'), 'by the first', 'what the second reads');
      await other.put('a', 'by the second');
      await other.put('b/c', 'by the second');
      equal(await text('a'), 'by the second', 'what the first reads');
      equal((await keys()).toSorted(), ['a', 'b/c'], 'what the first lists');
      await other.delete('a');
      await missing('a');
      equal(await keys(), ['b/c'], 'what the first lists after the delete');
    },
  },
  {
    rule: 'CONC-4',
    title: 'keeps etags and attributes in another provider',
    needs: ['reopen'],
    async run(context) {
      const attributes = isDeclared(context.capabilities, 'attributes')
        ? { metadata: { n: 1 }, tags: ['t'] }
        : {};
      const info = await context.put('a.txt', 'content', attributes);
      const other = await context.reopen();
      equal({ ...(await other.stat('a.txt', {})) }, { ...info }, 'info in the other provider');
    },
  },
  {
    rule: 'CONC-5',
    title: 'leaves no unhandled rejection behind',
    async run({ provider, put, skip }) {
      const unhandled = unhandledRejections();
      if (unhandled === undefined) skip('this runtime tells nothing of unhandled rejections');
      try {
        await put('a', noise(100_000));
        const controller = new AbortController();
        const object = await provider.get('a', { signal: controller.signal });
        const stream = object.stream();
        controller.abort();
        await stream.cancel().catch(() => {});
        await (await provider.get('a', {})).cancel();
        await provider.get('missing', {}).catch(() => {});
        const walk = provider.list({ limit: 1 })[Symbol.asyncIterator]();
        await walk.next();
        await walk.return?.();
        const aborted = new AbortController();
        const pending = put('b', noise(100_000), { signal: aborted.signal });
        aborted.abort();
        await pending.catch(() => {});
        await settle(5);
      } finally {
        unhandled?.stop();
      }
      equal(unhandled?.count(), 0, 'unhandled rejections');
    },
  },
];
