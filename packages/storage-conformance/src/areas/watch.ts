import type { ChangeEvent, WatchEvent, Watcher } from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith, present } from '../check.ts';
import { collect, encode, settle, until } from '../content.ts';
import { countedSignal } from '../counted-signal.ts';
import { operations } from '../open-context.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

/** Whether an event tells of a change of the key: by name, or by a wider event. */
function tellsOf(event: WatchEvent, key: string, type: 'put' | 'delete'): boolean {
  switch (event.type) {
    case 'put':
    case 'delete':
      return event.key === undefined
        ? event.id !== undefined
        : event.key === key && event.type === type;
    case 'subtree':
      return event.prefix === undefined || key.startsWith(event.prefix);
    case 'reset':
    case 'lost':
      return true;
  }
}

interface Gathered {
  readonly watcher: Watcher;
  readonly events: WatchEvent[];
  readonly ended: Promise<void>;
  /** Waits for an event that tells of the change. */
  sees(key: string, type: 'put' | 'delete'): Promise<void>;
}

async function gather(
  { provider, patienceMs }: Pick<ScenarioContext, 'provider' | 'patienceMs'>,
  options: { prefix?: string; signal?: AbortSignal } = {},
): Promise<Gathered> {
  const watcher = await present(provider.watch, 'watch').call(provider, options);
  const events: WatchEvent[] = [];
  const ended = (async () => {
    for await (const event of watcher) events.push(event);
  })();
  ended.catch(() => {});
  return {
    watcher,
    events,
    ended,
    async sees(key, type) {
      const seen = await until(() => events.some((event) => tellsOf(event, key, type)), patienceMs);
      if (!seen)
        fail(`no event told of the ${type} of ${key}; there were ${JSON.stringify(events)}`);
    },
  };
}

export const watchScenarios: readonly Scenario[] = [
  {
    rule: 'WATCH-1',
    title: 'tells of puts and deletes from the moment it has resolved',
    needs: ['watch'],
    async run(context) {
      await context.put('before', 'content');
      const { watcher, sees, ended } = await gather(context);
      await context.put('a/b', 'new');
      await sees('a/b', 'put');
      await context.put('a/b', 'changed');
      await context.put('c', 'another');
      await sees('c', 'put');
      await context.delete('a/b');
      await sees('a/b', 'delete');
      await watcher.close();
      await ended;
    },
  },
  {
    rule: 'WATCH-1',
    title: 'tells of keys with its prefix and of no others',
    needs: ['watch'],
    async run(context) {
      const { watcher, sees, events } = await gather(context, { prefix: 'a/' });
      await context.put('b/1');
      await context.put('ab');
      await context.put('a/1');
      await sees('a/1', 'put');
      const foreign = events.filter(
        (event) => 'key' in event && event.key !== undefined && !event.key.startsWith('a/'),
      );
      equal(foreign, [], 'events of keys without the prefix');
      await watcher.close();
    },
  },
  {
    rule: 'WATCH-1',
    title: 'tells of copies and moves as of puts and deletes',
    needs: ['watch', 'copy', 'move'],
    async run(context) {
      await context.put('a', 'content');
      const { watcher, sees } = await gather(context);
      await context.provider.copy?.('a', 'b', {});
      await sees('b', 'put');
      await context.provider.move?.('b', 'c', {});
      await sees('c', 'put');
      await sees('b', 'delete');
      await watcher.close();
    },
  },
  {
    rule: 'WATCH-1',
    title: 'tells of what another provider does to the store',
    needs: ['watch', 'reopen'],
    async run(context) {
      const other = operations(await context.reopen());
      const { watcher, sees } = await gather(context);
      await other.put('a/b', 'by the other');
      await sees('a/b', 'put');
      await other.delete('a/b');
      await sees('a/b', 'delete');
      await watcher.close();
    },
  },
  {
    rule: 'WATCH-2',
    title: 'ends with close, with an abort and when it is broken out of',
    needs: ['watch'],
    async run(context) {
      const { provider, put, outside } = context;
      const before = await outside.held?.();
      const closed = await gather(context);
      await closed.watcher.close();
      await closed.watcher.close();
      await closed.ended;
      equal(closed.events, [], 'events of a watcher that was closed');

      const { signal, abort, listeners } = countedSignal();
      const aborted = await gather(context, { signal });
      abort(new Error('the user left'));
      const end = await aborted.ended.then(
        () => 'ended',
        (error: unknown) => error,
      );
      if (end !== 'ended')
        await failsWith('aborted', Promise.reject(end), 'a watcher after an abort');
      await settle(1);
      equal(listeners(), 0, 'listeners left on the signal');

      const broken = await present(provider.watch, 'watch').call(provider, {});
      const first = (async () => {
        for await (const event of broken) return event;
        return undefined;
      })();
      await put('a');
      ensure((await first) !== undefined, 'there should be a first event');
      await using _disposed = await present(provider.watch, 'watch').call(provider, {});
      await put('b');
      await broken.close();
      await _disposed.close();
      ensure(
        await until(async () => (await outside.held?.()) === before, context.patienceMs),
        'watchers that ended should hold nothing',
      );
    },
  },
  {
    rule: 'WATCH-2',
    title: 'ends when the provider is closed',
    needs: ['watch', 'reopen'],
    async run(context) {
      const provider = await context.reopen();
      const { ended } = await gather({ provider, patienceMs: context.patienceMs });
      let hasEnded = false;
      const end = () => {
        hasEnded = true;
      };
      ended.then(end, end);
      await provider.close?.();
      ensure(
        await until(() => hasEnded, context.patienceMs),
        'a watcher should end with its provider',
      );
    },
  },
  {
    rule: 'WATCH-3',
    title: 'never stays silent about events that it dropped',
    needs: ['watch'],
    slow: true,
    async run(context) {
      const { provider, patienceMs } = context;
      const watcher = await present(provider.watch, 'watch').call(provider, {});
      const names = Array.from({ length: 1500 }, (_, index) => `k${index}`);
      await context.fill(names);
      await settle(5);
      const left = new Set(names);
      let isWide = false;
      const reading = (async () => {
        for await (const event of watcher) {
          if (event.type === 'put' && event.key !== undefined) left.delete(event.key);
          else if (event.type !== 'delete') isWide = true;
          if (isWide || left.size === 0) return;
        }
      })();
      await Promise.race([reading, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
      await watcher.close();
      ensure(
        isWide || left.size === 0,
        `${left.size} of 1,500 events were dropped, and nothing said so`,
      );
    },
  },
];

/** Reads the feed until it tells of the change. */
async function readUntil(
  { provider, patienceMs }: Pick<ScenarioContext, 'provider' | 'patienceMs'>,
  cursor: string,
  done: (events: readonly ChangeEvent[]) => boolean,
): Promise<{ readonly events: ChangeEvent[]; readonly cursor: string }> {
  const events: ChangeEvent[] = [];
  let place = cursor;
  const caughtUp = await until(async () => {
    const pages = await collect(
      present(provider.changes, 'changes').call(provider, { cursor: place }),
    );
    for (const page of pages) events.push(...page.events);
    place = present(pages.at(-1), 'a page of the feed').cursor;
    return done(events);
  }, patienceMs);
  if (!caughtUp) fail(`the feed did not tell of the change; it told ${JSON.stringify(events)}`);
  return { events, cursor: place };
}

async function startOf({ provider }: Pick<ScenarioContext, 'provider'>): Promise<string> {
  const pages = await collect(present(provider.changes, 'changes').call(provider, {}));
  equal(
    pages.flatMap((page) => page.events),
    [],
    'events of a feed that begins now',
  );
  return present(pages.at(-1)?.cursor, 'cursor of a feed that begins now');
}

export const changeScenarios: readonly Scenario[] = [
  {
    rule: 'CHG-1',
    title: 'begins now and tells of every later put and delete, in order for each key',
    needs: ['changes'],
    async run(context) {
      await context.put('before');
      const start = await startOf(context);
      await context.put('a', 'one');
      await context.put('b', 'two');
      await context.put('a', 'three');
      await context.delete('b');
      const { events } = await readUntil(context, start, (all) =>
        all.some((event) => tellsOf(event, 'b', 'delete')),
      );
      ensure(
        events.some((event) => tellsOf(event, 'a', 'put')),
        'the feed should tell of the put of a',
      );
      ensure(
        !events.some((event) => 'key' in event && event.key === 'before'),
        'the feed should not tell of what was before',
      );
      const ofB = events.flatMap((event) =>
        'key' in event && event.key === 'b' ? [event.type] : [],
      );
      equal(ofB.at(-1) ?? 'delete', 'delete', 'last event of b');
    },
  },
  {
    rule: 'CHG-1',
    title: 'names the write that a put made',
    needs: ['changes'],
    async run(context) {
      const start = await startOf(context);
      const info = await context.put('a', 'one');
      const { events } = await readUntil(context, start, (all) =>
        all.some((event) => tellsOf(event, 'a', 'put')),
      );
      const put = events.find((event) => event.type === 'put' && event.key === 'a');
      if (put !== undefined && 'etag' in put && put.etag !== undefined)
        equal(put.etag, info.etag, 'etag in the event');
    },
  },
  {
    rule: 'CHG-2',
    title: 'goes on from a cursor that went through JSON, and repeats nothing that was read',
    needs: ['changes'],
    async run(context) {
      const start = await startOf(context);
      await context.put('a');
      const first = await readUntil(context, start, (all) =>
        all.some((event) => tellsOf(event, 'a', 'put')),
      );
      const { cursor } = JSON.parse(JSON.stringify({ cursor: first.cursor })) as { cursor: string };
      await context.put('b');
      const second = await readUntil(context, cursor, (all) =>
        all.some((event) => tellsOf(event, 'b', 'put')),
      );
      ensure(
        !second.events.some((event) => 'key' in event && event.key === 'a'),
        'what was read should not come again',
      );
      const again = await readUntil(context, start, (all) =>
        all.some((event) => tellsOf(event, 'b', 'put')),
      );
      ensure(
        again.events.some((event) => tellsOf(event, 'a', 'put')),
        'an old cursor should go on from its own place',
      );
    },
  },
  {
    rule: 'CHG-2',
    title: 'goes on in another provider over the store',
    needs: ['changes', 'reopen', 'durable'],
    async run(context) {
      const start = await startOf(context);
      await context.put('a');
      const provider = await context.reopen();
      await readUntil({ provider, patienceMs: context.patienceMs }, start, (all) =>
        all.some((event) => tellsOf(event, 'a', 'put')),
      );
    },
  },
  {
    rule: 'CHG-2',
    title: 'answers a cursor that is none with an error or a reset',
    needs: ['changes'],
    async run({ provider }) {
      const changes = present(provider.changes, 'changes').bind(provider);
      for (const cursor of ['nonsense', btoa('{"v":1}'), String.fromCharCode(...encode('ä'))]) {
        try {
          const events = (await collect(changes({ cursor }))).flatMap((page) => page.events);
          equal(events[0]?.type, 'reset', 'first event after a cursor that is none');
        } catch (error) {
          await failsWith(['invalid-argument', 'cursor-expired'], Promise.reject(error), 'changes');
        }
      }
    },
  },
];
