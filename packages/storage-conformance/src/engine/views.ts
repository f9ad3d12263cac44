import { ensure, equal, failsWith, present, rejection } from '../check.ts';
import { collect } from '../content.ts';
import type { Scenario } from '../scenario.ts';

export const viewScenarios: readonly Scenario[] = [
  {
    rule: 'VIEW-1',
    title: 'is a storage of its own below a prefix',
    async run({ storage, put, text, keys }) {
      const engine = storage();
      await put('users/420');
      await put('users/4');
      await put('other');
      const view = engine.at('users/42');
      equal(await view.list(), [], 'items of the empty view');
      await view.save('settings.json', { a: 1 });
      await view.save('deep/down.json', { b: 2 });
      equal(await text('users/42/settings.json'), '{"a":1}', 'content below the prefix');
      equal(await view.load('settings.json'), { a: 1 }, 'value');
      equal(
        (await view.list()).map(({ key }) => key).toSorted(),
        ['deep/down.json', 'settings.json'],
        'items of the view',
      );
      equal(
        (await view.list('deep')).map(({ key }) => key),
        ['deep/down.json'],
        'items of the view with a prefix',
      );
      equal((await view.stat('settings.json')).key, 'settings.json', 'key in the info');
      const error = await failsWith('not-found', view.load('missing'), 'load of a missing key');
      equal(error.key, 'missing', 'key of the error');
      await view.copy('settings.json', 'copy.json');
      await view.move('copy.json', 'moved.json');
      equal(await view.load('moved.json'), { a: 1 }, 'the moved item');
      const loaded = await view.loadMany(['moved.json', 'missing']);
      equal(
        loaded.map(({ key, ok }) => [key, ok]),
        [
          ['moved.json', true],
          ['missing', false],
        ],
        'what loadMany finds',
      );
      equal((await view.clear({ all: true })).deleted, 3, 'what was cleared');
      equal((await keys()).toSorted(), ['other', 'users/4', 'users/420'], 'the keys outside');
    },
  },
  {
    rule: 'VIEW-1',
    title: 'nests, and lets nothing out',
    async run({ storage, put, text }) {
      const engine = storage();
      await put('a/secret', 'outside');
      const inner = engine.at('a').at('b');
      await inner.save('c', 1);
      equal(await text('a/b/c'), '1', 'content below both prefixes');
      equal(inner.getInfo().prefix, 'a/b', 'prefix of the inner view');
      for (const key of ['../secret', '..', '/a/secret', '../../a/secret', './../secret']) {
        await failsWith('invalid-key', inner.load(key), `load of ${key}`);
        await failsWith('invalid-key', inner.save(key, 1), `save of ${key}`);
        await failsWith('invalid-key', inner.delete(key), `delete of ${key}`);
        await failsWith('invalid-key', inner.copy('c', key), `copy to ${key}`);
      }
      equal(await inner.list('../'), [], 'items above');
      for (const prefix of ['', '..', 'a/', '/a', 'a//b']) {
        await failsWith(
          'invalid-key',
          async () => engine.at(prefix),
          `a view at ${JSON.stringify(prefix)}`,
        );
      }
    },
  },
  {
    rule: 'VIEW-1',
    title: 'pages, groups and searches in its own keys',
    async run({ storage, fill, capabilities }) {
      await fill(['v/a', 'v/b/1', 'v/b/2', 'v/c', 'va', 'w']);
      const view = storage().at('v');
      const pages = await collect(view.list({ limit: 2 }).pages());
      const cursor = present(pages.at(-1)?.cursor, 'cursor');
      const first = pages.flatMap(({ entries }) => entries.map(({ key }) => key));
      const rest = (await view.list({ cursor })).map(({ key }) => key);
      equal([...first, ...rest].toSorted(), ['a', 'b/1', 'b/2', 'c'], 'items over two walks');
      if (capabilities.delimiter) {
        equal(
          (await view.list({ delimiter: '/' })).map(({ key }) => key).toSorted(),
          ['a', 'b/', 'c'],
          'entries with a delimiter',
        );
      }
      if (capabilities.listOrder === 'utf8') {
        equal(
          (await view.list({ startAfter: 'b/1' })).map(({ key }) => key),
          ['b/2', 'c'],
          'items after a key',
        );
      }
      equal(
        (await view.search({ prefix: 'b/' })).map(({ key }) => key),
        ['b/1', 'b/2'],
        'items found',
      );
    },
  },
  {
    rule: 'VIEW-1',
    title: 'tells of events in its own keys',
    needs: ['watch'],
    async run({ storage, put, patienceMs }) {
      const view = storage().at('v');
      const watcher = await view.watch();
      await put('w/x');
      await put('va');
      await put('v/a');
      const events: unknown[] = [];
      const timeout = setTimeout(() => void watcher.close(), patienceMs);
      for await (const event of watcher) {
        events.push(event);
        if (!('key' in event) || event.key === 'a') break;
      }
      clearTimeout(timeout);
      ensure(events.length > 0, 'there should be an event');
      for (const event of events) {
        const key = (event as { key?: string }).key;
        ensure(key === undefined || key === 'a', `an event of the view should not name ${key}`);
      }
    },
  },
  {
    rule: 'VIEW-2',
    title: 'reads everything and changes nothing when it is read-only',
    async run({ storage, put, text, keys, capabilities, outside }) {
      await put('a', '{"n":1}');
      const view = storage().readOnly();
      equal(await view.load('a'), { n: 1 }, 'value');
      equal(
        (await view.list()).map(({ key }) => key),
        ['a'],
        'items',
      );
      equal(await view.exists('a'), true, 'whether it exists');
      equal((await view.stat('a')).size, 7, 'size');
      equal((await view.search({ prefix: 'a' })).length, 1, 'items found');
      if (capabilities.rangeReads) {
        equal(
          await (await view.get('a', { range: { offset: 1, length: 3 } })).text(),
          '"n"',
          'a part',
        );
      }
      const requests = outside.requests?.();
      const writes: Readonly<Record<string, () => Promise<unknown>>> = {
        save: () => view.save('a', 2),
        put: () => view.put('b', 'x'),
        delete: () => view.delete('a'),
        update: () => view.update('a', () => 2),
        setMetadata: () => view.setMetadata('a', { tags: ['t'] }),
        move: () => view.move('a', 'b'),
        'presign PUT': () => view.presign('a', { method: 'PUT' }),
        upload: () => view.upload('b'),
        restore: () => view.versions.restore('a', 'x'),
      };
      for (const [name, write] of Object.entries(writes)) {
        if (name === 'move') continue;
        const error = await failsWith(['permission-denied', 'unsupported'], write, name);
        ensure(error.retryable === false, `the error of ${name} should not be retryable`);
      }
      equal(outside.requests?.(), requests, 'requests sent for refused writes');
      await failsWith(['permission-denied', 'unsupported'], () => view.move('a', 'b'), 'move');
      await failsWith(['permission-denied', 'unsupported'], () => view.copy('a', 'b'), 'copy');
      const saved = await view.saveMany([{ key: 'b', value: 1 }]);
      equal(
        saved.map(({ ok }) => ok),
        [false],
        'what saveMany saved',
      );
      const deleted = await view.deleteMany(['a']);
      equal(
        deleted.map(({ ok }) => ok),
        [false],
        'what deleteMany deleted',
      );
      equal((await view.clear({ all: true })).deleted, 0, 'what was cleared');
      await rejection(view.at('x').save('b', 1), 'save in a view of the view');
      equal(await keys(), ['a'], 'the keys');
      equal(await text('a'), '{"n":1}', 'the content');
    },
  },
  {
    rule: 'VIEW-3',
    title: 'leaves the storage open when a view is closed',
    async run({ storage }) {
      const engine = storage();
      const view = engine.at('v');
      await view.save('a', 1);
      await view.close();
      await engine.readOnly().close();
      await engine.save('b', 2);
      equal(await engine.load('v/a'), 1, 'value through the storage');
    },
  },
];
