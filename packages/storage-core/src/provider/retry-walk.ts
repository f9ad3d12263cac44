import type { RetryLoop, Try, Work } from './retry-loop.ts';

/** A walk that can begin again where it broke. */
export interface Walk<Page> extends Work<never> {
  /** Opens the walk behind the pages that came already. */
  open(signal: AbortSignal): AsyncIterable<Page>;
  /** Takes note of a page that came; what it returns is handed on, `undefined` is not. */
  take(page: Page): Page | undefined;
}

interface OpenWalk<Page> {
  readonly iterator: AsyncIterator<Page>;
  readonly controller: AbortController;
}

/** Pages of a walk, opened again behind the last page when it breaks. */
export async function* retriedWalk<Page>(
  loop: RetryLoop,
  walk: Walk<Page>,
): AsyncGenerator<Page, void, undefined> {
  let current: OpenWalk<Page> | undefined;

  function open(): OpenWalk<Page> {
    const controller = new AbortController();
    const pages = walk.open(controller.signal);
    return { iterator: pages[Symbol.asyncIterator](), controller };
  }

  /** One page. A walk that fails or takes too long is not asked again. */
  async function step({ signal }: Try): Promise<IteratorResult<Page>> {
    const asked = current ?? open();
    current = asked;
    const drop = () => {
      if (current === asked) current = undefined;
      asked.controller.abort(signal.reason);
    };
    signal.addEventListener('abort', drop, { once: true });
    try {
      return await asked.iterator.next();
    } catch (error) {
      drop();
      throw error;
    } finally {
      signal.removeEventListener('abort', drop);
    }
  }

  try {
    for (;;) {
      const { done, value } = await loop.run<IteratorResult<Page>>(walk, step);
      if (done) {
        current = undefined;
        return;
      }
      const page = walk.take(value);
      if (page !== undefined) yield page;
    }
  } finally {
    await current?.iterator.return?.();
  }
}
