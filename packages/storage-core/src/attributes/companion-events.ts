import { asyncDispose } from '../bodies/async-dispose.ts';
import type { ChangeEvent, ChangesPage, WatchEvent, Watcher } from '../contract/events.ts';
import type { CompanionKeys } from './companion-keys.ts';
import { type CompanionLayout, companionOwner } from './companion-layout.ts';

/** Events below as they are above: a companion's are its object's. */
export interface CompanionEvents {
  watcher(watcher: Watcher): Watcher;
  changes(pages: AsyncIterable<ChangesPage>): AsyncIterable<ChangesPage>;
}

export function companionEvents(keys: CompanionKeys, layout: CompanionLayout): CompanionEvents {
  function up<Event extends WatchEvent>(event: Event): Event | ChangeEvent {
    if ((event.type !== 'put' && event.type !== 'delete') || event.key === undefined) return event;
    const key = keys.up(event.key);
    return key === undefined ? ofCompanion(event.key) : { ...event, key };
  }

  /** The object may be there or not, so that is for a listing to find out. */
  function ofCompanion(name: string): ChangeEvent {
    const owner = companionOwner(name, layout) ?? name.slice(0, name.lastIndexOf('/') + 1);
    return { type: 'subtree', prefix: keys.up(owner) ?? owner };
  }

  return {
    watcher(watcher) {
      async function* events(): AsyncGenerator<WatchEvent, void, undefined> {
        for await (const event of watcher) yield up(event);
      }
      const close = () => watcher.close();
      return { [Symbol.asyncIterator]: events, close, [asyncDispose]: close };
    },
    async *changes(pages) {
      for await (const { events, cursor } of pages) yield { events: events.map(up), cursor };
    },
  };
}
