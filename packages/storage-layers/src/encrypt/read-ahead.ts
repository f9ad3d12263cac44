/** Items in their order, of which several are being made at once. */
export interface ReadAhead<Item> {
  /** The next item; `undefined` after the last. Nothing is begun before the first call. */
  next(): Promise<Item | undefined>;
  /** Begins nothing more. */
  stop(): void;
}

/**
 * Keeps up to `limit` items in the making. `begin` is called once at a time and starts a few items, or
 * tells with `undefined` that there are no more; a failure of either comes in its turn, after what was
 * begun before it.
 */
export function readAhead<Item>(
  begin: () => Promise<readonly Promise<Item>[] | undefined>,
  limit: number,
): ReadAhead<Item> {
  const queue: Promise<Item>[] = [];
  let isPumping = false;
  let isOver = false;
  let wake: (() => void) | undefined;

  function push(item: Promise<Item>): void {
    // It is awaited in its turn, which may come after it has failed.
    item.catch(() => {});
    queue.push(item);
    wake?.();
  }

  async function pump(): Promise<void> {
    if (isPumping) return;
    isPumping = true;
    while (!isOver && queue.length < limit) {
      try {
        const begun = await begin();
        if (begun === undefined) isOver = true;
        else begun.forEach(push);
      } catch (error) {
        isOver = true;
        push(Promise.reject(error));
      }
    }
    isPumping = false;
    wake?.();
  }

  return {
    async next() {
      for (;;) {
        void pump();
        const item = queue.shift();
        if (item !== undefined) {
          void pump();
          return item;
        }
        if (isOver) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    stop() {
      isOver = true;
      queue.length = 0;
      wake?.();
    },
  };
}
