/** Works on every item with so many at once. Ends with the first error; what is in flight then ends first. */
export async function runParallel<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    while (failure === undefined) {
      const { done, value } = await iterator.next();
      if (done === true) return;
      await work(value);
    }
  };
  const guarded = async (): Promise<void> => {
    try {
      await worker();
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: concurrency }, guarded));
  if (failure === undefined) return;
  await iterator.return?.();
  throw failure.error;
}

/**
 * Reads ahead of whoever consumes, at most `most` items, so that a total can be told early.
 * `onEnd` hears when the source has nothing more.
 */
export async function* readAhead<Item>(
  source: AsyncIterable<Item>,
  most: number,
  onItem: (item: Item) => void,
  onEnd: () => void,
): AsyncGenerator<Item> {
  const buffer: Item[] = [];
  const iterator = source[Symbol.asyncIterator]();
  let isStopped = false;
  let isDone = false;
  let failure: { readonly error: unknown } | undefined;
  let wakeReader = (): void => {};
  let wakeSource = (): void => {};

  const fill = async (): Promise<void> => {
    try {
      while (!isStopped) {
        const { done, value } = await iterator.next();
        if (done === true) break;
        onItem(value);
        buffer.push(value);
        wakeReader();
        if (buffer.length >= most) {
          await new Promise<void>((resolve) => {
            wakeSource = resolve;
          });
        }
      }
      if (!isStopped) onEnd();
    } catch (error) {
      failure = { error };
    }
    isDone = true;
    wakeReader();
  };

  const filling = fill();
  try {
    for (;;) {
      const next = buffer.shift();
      if (next !== undefined) {
        wakeSource();
        yield next;
      } else if (failure !== undefined) {
        throw failure.error;
      } else if (isDone) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
    }
  } finally {
    isStopped = true;
    wakeSource();
    await filling;
    await iterator.return?.();
  }
}
