const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a text. */
export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; throws when they are none. */
export function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Bytes that look like noise and are the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer).slice(0, length);
}

/** Bytes all alike. */
export function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

/** The first byte; 0 of no bytes. */
export function firstByte(bytes: Uint8Array): number {
  return bytes[0] ?? 0;
}

/** One array of all chunks. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

/** Everything that a stream gives. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk.slice());
  return join(chunks);
}

/** Everything that an iteration gives. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A source of content that tells how it was used. */
export interface WatchedSource {
  readonly stream: ReadableStream<Uint8Array>;
  /** Chunks asked for so far. */
  pulled(): number;
  /** Whether the source was told that nobody reads on. */
  cancelled(): boolean;
}

/** A stream of chunks; after the last one it ends, fails with `error`, or waits for ever. */
export function watchedSource(
  chunks: readonly Uint8Array[],
  then: 'end' | 'wait' | { readonly error: Error } = 'end',
): WatchedSource {
  let next = 0;
  let isCancelled = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = chunks[next];
        next += 1;
        if (chunk !== undefined) controller.enqueue(chunk);
        else if (then === 'end') controller.close();
        else if (then === 'wait') await new Promise<never>(() => {});
        else controller.error(then.error);
      },
      cancel() {
        isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled: () => next, cancelled: () => isCancelled };
}

/** Runs an action for each item, at most `limit` at a time; the first failure ends it. */
export async function forEach<Item>(
  items: Iterable<Item>,
  limit: number,
  action: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = [...items];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < queue.length) {
      const item = queue[next] as Item;
      next += 1;
      await action(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, queue.length) }, worker));
}

/** Repeats an action while some work goes on, then waits for the work. */
export async function during(
  work: () => Promise<unknown>,
  action: () => Promise<unknown>,
): Promise<void> {
  let isRunning = true;
  const end = () => {
    isRunning = false;
  };
  const running = work();
  running.then(end, end);
  while (isRunning) {
    await action();
    await settle(1);
  }
  await running;
}

/** The order of keys by their UTF-8 bytes. */
export function byUtf8(one: string, other: string): number {
  const [left, right] = [encode(one), encode(other)];
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Lets everything that is due run: `turns` turns of the event loop. */
export async function settle(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Waits until the condition holds, up to `timeoutMs`. Returns whether it did. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
