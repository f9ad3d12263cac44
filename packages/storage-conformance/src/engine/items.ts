import { createStorage, type Progress } from '@granary/storage-core';
import { guardProvider } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, rejection } from '../check.ts';
import { collect, encode, noise, settle, watchedSource } from '../content.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

/** Checks that counts go up, and returns the last one. */
export function checkProgress(told: readonly Progress[], what: string): Progress | undefined {
  let last = -1;
  for (const { transferredBytes } of told) {
    ensure(
      Number.isFinite(transferredBytes) && transferredBytes >= last,
      `${what}: progress should go up, it was ${told.map((one) => one.transferredBytes).join(', ')}`,
    );
    last = transferredBytes;
  }
  return told.at(-1);
}

export const itemScenarios: readonly Scenario[] = [
  {
    rule: 'ENG-1',
    title: 'gives listings that can be awaited, iterated and paged, each use anew',
    async run({ storage, fill, capabilities }) {
      await fill(['a', 'b/1', 'b/2', 'c']);
      const engine = storage();
      const listing = engine.list();
      equal((await listing).map(({ key }) => key).toSorted(), ['a', 'b/1', 'b/2', 'c'], 'awaited');
      const iterated: string[] = [];
      for await (const { key } of listing) iterated.push(key);
      equal(iterated.toSorted(), ['a', 'b/1', 'b/2', 'c'], 'iterated');
      const paged = await collect(listing.pages());
      equal(
        paged.flatMap(({ entries }) => entries.map(({ key }) => key)).toSorted(),
        iterated.toSorted(),
        'paged',
      );
      await engine.save('d', 1);
      equal((await listing).length, 5, 'entries of a later use');
      equal(
        (await engine.list('b/')).map(({ key }) => key).toSorted(),
        ['b/1', 'b/2'],
        'with a prefix',
      );
      equal((await engine.list({ prefix: 'b/', limit: 1 })).length, 1, 'entries with a limit');
      if (capabilities.delimiter) {
        const entries = await engine.list({ delimiter: '/' });
        equal(
          entries.map(({ kind, key }) => `${kind} ${key}`).toSorted(),
          ['item a', 'item c', 'item d', 'prefix b/'],
          'entries with a delimiter',
        );
      }
      for await (const _entry of engine.list()) break;
    },
  },
  {
    rule: 'ENG-1',
    title: 'fails a listing that fails, in every use of it',
    async run({ storage, provider, fill }) {
      await fill(['a', 'b', 'c']);
      const failing = relay(provider, {
        async *list(options) {
          for await (const page of provider.list({ ...options, limit: 2 })) yield page;
          throw new Error('the second page broke');
        },
      });
      const engine = createStorage(guardProvider(failing));
      await rejection(async () => await engine.list(), 'an awaited listing');
      await rejection(async () => await collect(engine.list()), 'an iterated listing');
      await rejection(async () => await collect(engine.list().pages()), 'a paged listing');
      await rejection(async () => await engine.search({}), 'a search');
      equal((await storage().list()).length, 3, 'entries without trouble');
      let caught = false;
      await engine.list().catch(() => {
        caught = true;
      });
      ensure(caught, '`catch` of a listing should be called');
    },
  },
  {
    rule: 'ENG-2',
    title: 'tells about itself without a request',
    async run({ storage, provider, outside, capabilities }) {
      const before = outside.requests?.();
      const engine = storage({ choice: () => ({ reason: 'because' }) });
      const info = engine.getInfo();
      equal(info.provider, provider.name, 'provider');
      equal(info.reason, 'because', 'reason');
      equal(info.durable, capabilities.durable === true, 'whether it is durable');
      equal({ ...engine.getCapabilities() }, { ...capabilities }, 'capabilities');
      const file = engine.file('a/b.txt');
      equal([file.key, file.name], ['a/b.txt', 'b.txt'], 'key and name of a file');
      equal(engine.at('a').getInfo().prefix, 'a', 'prefix of a view');
      ensure(!('then' in engine), 'a storage should not be awaitable');
      await settle(1);
      equal(outside.requests?.(), before, 'requests');
    },
  },
  {
    rule: 'ENG-2',
    title: 'works on one file by its handle',
    async run({ storage, text }) {
      const file = storage().file('dir/a.json');
      equal(await file.exists(), false, 'whether it exists');
      await file.save({ n: 1 });
      equal(await file.load(), { n: 1 }, 'value');
      equal(await file.exists(), true, 'whether it exists');
      equal((await file.stat()).size, 7, 'size');
      equal(await file.text(), '{"n":1}', 'text');
      equal(await file.bytes(), encode('{"n":1}'), 'bytes');
      equal(await new Response(await file.stream()).text(), '{"n":1}', 'stream');
      const copy = await file.copyTo('dir/b.json');
      equal([copy.key, await copy.load()], ['dir/b.json', { n: 1 }], 'the copy');
      const moved = await copy.moveTo('c.json');
      equal(await moved.load(), { n: 1 }, 'the moved copy');
      equal(await copy.exists(), false, 'whether the source of the move exists');
      await moved.put('[2]');
      equal(await text('c.json'), '[2]', 'content after put');
      await moved.delete();
      equal(await moved.exists(), false, 'whether it exists after delete');
    },
  },
  {
    rule: 'ENG-3',
    title: 'refuses everything after close, which waits and may come again',
    async run({ fresh }) {
      const engine = createStorage((await fresh()).provider);
      await engine.ready();
      equal(engine.getInfo().state, 'open', 'state');
      const saving = engine.save('a', 1);
      await engine.close();
      await saving;
      await engine.close();
      equal(engine.getInfo().state, 'closed', 'state after close');
      const calls: readonly (() => unknown)[] = [
        () => engine.save('a', 1),
        () => engine.load('a'),
        () => engine.exists('a'),
        () => engine.delete('a'),
        async () => await engine.list(),
        async () => await engine.search({}),
        () => engine.copy('a', 'b'),
        () => engine.put('a', 'x'),
        () => engine.at('x').load('a'),
      ];
      for (const call of calls) await failsWith('closed', call, 'a call after close');
    },
  },
  {
    rule: 'ENG-7',
    title: 'puts every kind of body, and holds a size to its word',
    async run({ storage, bytes, missing, capabilities }) {
      const engine = storage();
      const content = noise(2000, 52);
      await engine.put('a', content);
      equal(await bytes('a'), content, 'bytes');
      await engine.put('b', new Blob([content as BlobPart], { type: 'image/png' }));
      equal(await bytes('b'), content, 'a blob');
      await engine.put('c', watchedSource([content.slice(0, 500), content.slice(500)]).stream, {
        size: 2000,
      });
      equal(await bytes('c'), content, 'a stream with a size');
      if (capabilities.maxPutBytes === undefined || capabilities.upload) {
        await engine.put('d', watchedSource([content.slice(0, 500), content.slice(500)]).stream);
        equal(await bytes('d'), content, 'a stream without a size');
      }
      for (const size of [1999, 2001]) {
        await failsWith(
          'invalid-argument',
          engine.put('e', watchedSource([content]).stream, { size }),
          `a stream of 2000 bytes with the size ${size}`,
        );
      }
      await failsWith('invalid-argument', engine.put('e', 5 as unknown as string), 'a number');
      await missing('e');
      equal((await engine.stat('d').catch(() => engine.stat('c'))).size, 2000, 'size');
    },
  },
  {
    rule: 'ENG-7',
    title: 'counts progress up to the total, and is silent after a failure',
    async run({ storage, put }) {
      const engine = storage();
      const content = noise(300_000, 53);
      const up: Progress[] = [];
      const chunks = [
        content.slice(0, 100_000),
        content.slice(100_000, 200_000),
        content.slice(200_000),
      ];
      await engine.put('a', watchedSource(chunks).stream, {
        size: 300_000,
        onProgress: (told) => up.push(told),
      });
      equal(
        checkProgress(up, 'put'),
        { transferredBytes: 300_000, totalBytes: 300_000 },
        'the last progress of put',
      );
      const saved: Progress[] = [];
      await engine.save('b.bin', content, { onProgress: (told) => saved.push(told) });
      equal(checkProgress(saved, 'save')?.transferredBytes, 300_000, 'the last progress of save');
      const down: Progress[] = [];
      await (await engine.get('a', { onProgress: (told) => down.push(told) })).bytes();
      equal(
        checkProgress(down, 'get'),
        { transferredBytes: 300_000, totalBytes: 300_000 },
        'the last progress of get',
      );

      const failed: Progress[] = [];
      const broken = watchedSource([content.slice(0, 1000)], {
        error: new Error('the source broke'),
      });
      await rejection(
        engine.put('c', broken.stream, { size: 300_000, onProgress: (told) => failed.push(told) }),
        'put',
      );
      const count = failed.length;
      await settle();
      equal(failed.length, count, 'progress told after the failure');
      checkProgress(failed, 'a failed put');
      ensure(
        failed.every(({ transferredBytes }) => transferredBytes < 300_000),
        'a failed put should not tell its end',
      );
      await put('d');
    },
  },
  {
    rule: 'ENG-9',
    title: 'has every method, whatever the provider has',
    async run({ storage }) {
      const engine = storage();
      const names = [
        ...([
          'ready',
          'save',
          'load',
          'loadItem',
          'exists',
          'delete',
          'update',
          'list',
          'search',
          'get',
        ] as const),
        ...([
          'getRanges',
          'put',
          'stat',
          'setMetadata',
          'copy',
          'move',
          'file',
          'saveMany',
          'loadMany',
        ] as const),
        ...([
          'deleteMany',
          'clear',
          'sweep',
          'upload',
          'uploads',
          'presign',
          'publicUrl',
          'watch',
        ] as const),
        ...([
          'changes',
          'usage',
          'health',
          'at',
          'readOnly',
          'close',
          'getInfo',
          'getCapabilities',
        ] as const),
      ];
      for (const name of names) equal(typeof engine[name], 'function', `type of ${name}`);
      equal(typeof engine.versions.list, 'function', 'type of versions.list');
      equal(typeof engine.objectTags.get, 'function', 'type of objectTags.get');
    },
  },
  {
    rule: 'ENG-9',
    title: 'tells usage and health where it can',
    async run({ storage, put, capabilities }) {
      const engine = storage();
      await put('a', noise(1000));
      const usage = await engine.usage({ scan: true });
      ensure((usage.usedBytes ?? 1000) >= 1000, 'bytes in use should be at least what was put');
      equal(usage.objects ?? 1, 1, 'objects');
      const health = await engine.health();
      ensure(health.ok && health.latencyMs >= 0, 'a store that works should be healthy');
      if (!capabilities.usage)
        await failsWith('unsupported', engine.usage(), 'usage where nobody tells');
    },
  },
];
