import { asyncDispose } from '../bodies/async-dispose.ts';
import type { WatchEvent, Watcher, WatchOptions } from '../contract/events.ts';
import type { Admission } from './admission.ts';
import { invalid } from './check-options.ts';

/** Labels the errors of watchers, and ends them when the storage is closed. */
export function guardWatchers(gate: Admission): {
  watch(options: WatchOptions, call: () => Promise<Watcher>): Promise<Watcher>;
  close(): Promise<void>;
} {
  const watchers = new Set<Watcher>();

  function guard(watcher: Watcher, place: { readonly operation: string }): Watcher {
    watchers.add(watcher);
    const close = async () => {
      watchers.delete(watcher);
      try {
        await watcher.close();
      } catch (error) {
        throw gate.label(error, place);
      }
    };
    async function* events(): AsyncGenerator<WatchEvent, void, undefined> {
      try {
        yield* watcher;
      } catch (error) {
        throw gate.label(error, place);
      } finally {
        await close();
      }
    }
    return { [Symbol.asyncIterator]: events, close, [asyncDispose]: close };
  }

  return {
    watch(options, call) {
      const place = { operation: 'watch', signal: options.signal };
      return gate.run(place, async () => {
        if (options.prefix !== undefined && typeof options.prefix !== 'string') {
          throw invalid('prefix is not a string.');
        }
        return guard(await call(), place);
      });
    },
    async close() {
      await Promise.allSettled([...watchers].map((watcher) => watcher.close()));
      watchers.clear();
    },
  };
}
