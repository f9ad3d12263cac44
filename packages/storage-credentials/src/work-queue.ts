/** Runs one work after the other. */
export type WorkQueue = <Result>(work: () => Promise<Result>) => Promise<Result>;

const QUEUES: unique symbol = Symbol.for('granary.vault.queue');

/** A queue; with an object, the one queue of that object. */
export function workQueue(of?: object): WorkQueue {
  if (of === undefined) return newQueue();
  const holder = of as { [QUEUES]?: WorkQueue };
  const existing = holder[QUEUES];
  if (existing !== undefined) return existing;
  const queue = newQueue();
  Object.defineProperty(holder, QUEUES, { value: queue });
  return queue;
}

function newQueue(): WorkQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
}
