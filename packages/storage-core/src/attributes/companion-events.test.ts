import { expect, test } from 'vitest';
import { drain } from '../../test/drain.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import type { WatchEvent } from '../contract/events.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import type { CompanionLayout } from './companion-layout.ts';
import { withCompanion } from './with-companion.ts';

test('tells events of companions as events of their objects', async () => {
  const seen = async (layout: CompanionLayout, events: WatchEvent[]) => {
    const channel = eventChannel();
    const tiny = tinyProvider({ capabilities: { attributes: 'none' } });
    const provider = guardProvider(
      withCompanion({ ...tiny, watch: async () => channel.watcher }, { layout }),
    );
    const watcher = (await provider.watch?.({ prefix: 'd' })) ?? expect.unreachable();
    for (const event of events) channel.push(event);
    const found: WatchEvent[] = [];
    for await (const event of watcher) {
      found.push(event);
      if (found.length === events.length) break;
    }
    await watcher[Symbol.asyncDispose]();
    return found;
  };
  expect(
    await seen('meta-json', [
      { type: 'put', key: 'd/a.meta.json', etag: 'c' },
      { type: 'put', key: 'd/a', etag: 'e' },
      { type: 'delete', key: 'd/a.meta.json' },
      { type: 'put', key: 'd/x.meta.json!' },
      { type: 'put', id: 'i' },
      { type: 'reset' },
    ]),
  ).toEqual([
    { type: 'subtree', prefix: 'd/a' },
    { type: 'put', key: 'd/a', etag: 'e' },
    { type: 'subtree', prefix: 'd/a' },
    { type: 'put', key: 'd/x.meta.json' },
    { type: 'put', id: 'i' },
    { type: 'reset' },
  ]);
  expect(await seen('manifest', [{ type: 'put', key: 'd/.source-metadata.json' }])).toEqual([
    { type: 'subtree', prefix: 'd/' },
  ]);
  const tiny = tinyProvider({ capabilities: { attributes: 'none' } });
  const changes = withCompanion({
    ...tiny,
    async *changes() {
      yield { events: [{ type: 'put', key: 'a.meta.json' }], cursor: 'c' };
    },
  }).changes?.({});
  expect(await drain(changes)).toEqual([
    { events: [{ type: 'subtree', prefix: 'a' }], cursor: 'c' },
  ]);
});
