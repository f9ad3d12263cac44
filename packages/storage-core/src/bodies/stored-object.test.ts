import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { streamOf } from '../../test/stream-of.ts';
import type { StoredObject } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { StorageError } from '../errors/storage-error.ts';
import { mapBody } from './map-body.ts';
import { addBodyTerms, type BodySource, givesStream, storedObject } from './stored-object.ts';

const text = 'grüße';
const content = new TextEncoder().encode(text);

function infoOf(size: number, more: Partial<ObjectInfo> = {}): ObjectInfo {
  return { key: 'docs/a.txt', size, etag: 'e1', modifiedAt: new Date(0), ...more };
}

/** A source that counts how it is let go of. */
function held(bytes: Uint8Array = content, chunkBytes = 3) {
  const released = vi.fn();
  const cancelled = vi.fn();
  const source: BodySource = {
    stream() {
      let offset = 0;
      return new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            if (offset >= bytes.byteLength) {
              released();
              controller.close();
              return;
            }
            controller.enqueue(bytes.slice(offset, offset + chunkBytes));
            offset += chunkBytes;
          },
          cancel: cancelled,
        },
        { highWaterMark: 0 },
      );
    },
    cancel: released,
  };
  return { source, released, cancelled };
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A signal that counts its listeners. */
function countedSignal() {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  const seen = new Set<unknown>();
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    seen.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    if (seen.delete(args[1])) listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  return { signal, abort: (reason?: unknown) => controller.abort(reason), count: () => listeners };
}

const SOURCES: [string, () => BodySource][] = [
  ['bytes at hand', () => ({ bytes: () => content.slice() })],
  ['bytes that take time', () => ({ bytes: async () => content.slice() })],
  ['a Buffer', () => ({ bytes: () => Buffer.from(content) })],
  ['a stream', () => ({ stream: () => streamOf(content.slice(0, 2), content.slice(2)) })],
  ['both', () => ({ ...held().source, bytes: () => content.slice() })],
  ['a stream that holds something', () => held().source],
];

describe.each(SOURCES)('storedObject over %s', (_title, make) => {
  const object = () => storedObject(infoOf(content.byteLength), make());

  test('gives its content in every form', async () => {
    expect(await object().bytes()).toEqual(new Uint8Array(content));
    expect(await readAll(object().stream())).toEqual(new Uint8Array(content));
    expect(await object().text()).toBe(text);
    expect(await (await object().blob()).text()).toBe(text);
  });

  test('is read once', async () => {
    const once = object();
    await once.bytes();
    await expect(once.text()).rejects.toMatchObject({
      code: 'invalid-argument',
      key: 'docs/a.txt',
    });
    expect(() => once.stream()).toThrow('was read already');
  });

  test('cannot be read after a cancel, which may come again', async () => {
    const ended = object();
    await ended.cancel('enough');
    await ended.cancel();
    await expect(ended.bytes()).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
  });

  test('can be disposed at any time', async () => {
    await using read = object();
    await read.bytes();
    await using unread = object();
    expect(unread.info.size).toBe(content.byteLength);
  });

  test('refuses to pass on less or more than it should have', async () => {
    const short = () => storedObject(infoOf(99), make());
    await expect(short().bytes()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await expect(readAll(short().stream())).rejects.toMatchObject({ code: 'unavailable' });
    const long = () => storedObject(infoOf(3), make());
    await expect(long().bytes()).rejects.toMatchObject({ code: 'corrupted' });
    await expect(readAll(long().stream())).rejects.toMatchObject({ code: 'corrupted' });
  });
});

describe('the forms of a body', () => {
  const of = (bytes: Uint8Array, more: Partial<ObjectInfo> = {}) =>
    storedObject(infoOf(bytes.byteLength, more), { bytes: () => bytes });
  const utf8 = (value: string) => new TextEncoder().encode(value);

  test('text keeps a byte order mark, JSON does not mind it', async () => {
    expect(await of(utf8('\uFEFF{"a":1}')).text()).toBe('\uFEFF{"a":1}');
    expect(await of(utf8('\uFEFF{"a":1}')).json()).toEqual({ a: 1 });
  });

  test('a blob has the recorded type, or none', async () => {
    expect((await of(content, { contentType: 'image/png' }).blob()).type).toBe('image/png');
    expect((await of(content).blob()).type).toBe('');
  });

  test('bytes that are no text fail and name the key', async () => {
    const error = await of(new Uint8Array([0xff]))
      .text()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-data', key: 'docs/a.txt', operation: 'get' });
  });

  test('text that is no JSON fails, says where, and does not quote the content', async () => {
    const error: unknown = await of(utf8('{"password": hunter2}'))
      .json()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-data', key: 'docs/a.txt' });
    expect(error).not.toHaveProperty('cause');
    expect(String(error)).not.toContain('hunter2');
    await expect(of(utf8('{"a":1,}')).json()).rejects.toThrow('not JSON at position 7');
    await expect(of(utf8('')).json()).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test('a range is checked against its own length', async () => {
    const object = storedObject(
      infoOf(100),
      { bytes: () => new Uint8Array(10) },
      {
        range: { offset: 5, length: 10 },
      },
    );
    expect(object.range).toEqual({ offset: 5, length: 10 });
    expect(await object.bytes()).toHaveLength(10);
    expect('range' in of(content)).toBe(false);
  });

  test('a source with nothing to give is an empty body', async () => {
    expect(await storedObject(infoOf(0), {}).bytes()).toHaveLength(0);
  });

  test('an error of the source becomes one of the storage', async () => {
    const cause = new TypeError('terminated');
    const failing = () =>
      storedObject(infoOf(5), {
        stream: () =>
          new ReadableStream({
            pull() {
              throw cause;
            },
          }),
      });
    await expect(failing().bytes()).rejects.toMatchObject({ code: 'unknown', cause });
    await expect(readAll(failing().stream())).rejects.toMatchObject({ key: 'docs/a.txt', cause });
    const throwing = storedObject(infoOf(5), {
      bytes() {
        throw new StorageError('corrupted', 'bad block.');
      },
    });
    await expect(throwing.bytes()).rejects.toMatchObject({ code: 'corrupted', key: 'docs/a.txt' });
  });
});

describe('a body that holds something', () => {
  const object = (hold: ReturnType<typeof held>, signal?: AbortSignal) =>
    storedObject(infoOf(content.byteLength), hold.source, { ...(signal && { signal }) });

  test('is let go of once by a cancel, a disposal or a break', async () => {
    const unread = held();
    await object(unread).cancel();
    expect(unread.released).toHaveBeenCalledTimes(1);

    const disposed = held();
    {
      await using _object = object(disposed);
    }
    expect(disposed.released).toHaveBeenCalledTimes(1);

    const broken = held();
    for await (const _chunk of object(broken).stream()) break;
    expect(broken.cancelled).toHaveBeenCalledTimes(1);
    expect(broken.released).toHaveBeenCalledTimes(1);

    const streamed = held();
    const half = object(streamed);
    const reader = half.stream().getReader();
    await reader.read();
    await half.cancel('stop');
    expect(streamed.cancelled).toHaveBeenCalledWith('stop');
    await expect(reader.read()).rejects.toMatchObject({ code: 'aborted', cause: 'stop' });
  });

  test('lets go when it is read in vain', async () => {
    const hold = held();
    await expect(storedObject(infoOf(3), hold.source).bytes()).rejects.toThrow('more than');
    expect(hold.released).toHaveBeenCalled();
  });

  test('survives a source whose release fails', async () => {
    const failing = storedObject(infoOf(1), {
      cancel() {
        throw new Error('no');
      },
    });
    await expect(failing.cancel()).resolves.toBeUndefined();
  });

  test('ends a read of everything that a cancel interrupts', async () => {
    const released = vi.fn();
    const stuck = storedObject(infoOf(1), {
      bytes: () => new Promise<Uint8Array>(() => {}),
      cancel: released,
    });
    const reading = stuck.bytes();
    await stuck.cancel('enough');
    await expect(reading).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
    expect(released).toHaveBeenCalledWith('enough');
  });
});

describe('the signal of a body', () => {
  test('ends an unread body, and leaves no listener', async () => {
    const { signal, abort, count } = countedSignal();
    const hold = held();
    const object = storedObject(infoOf(6), hold.source, { signal });
    expect(count()).toBe(1);
    abort('why');
    await expect(object.bytes()).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    expect(hold.released).toHaveBeenCalledTimes(1);
    expect(count()).toBe(0);
  });

  test('errors a stream in the middle', async () => {
    const { signal, abort, count } = countedSignal();
    const hold = held();
    const reader = storedObject(infoOf(content.byteLength), hold.source, { signal })
      .stream()
      .getReader();
    await reader.read();
    abort('why');
    await expect(reader.read()).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    expect(hold.cancelled).toHaveBeenCalled();
    expect(count()).toBe(0);
  });

  test('ends a read that does not come back', async () => {
    const { signal, abort, count } = countedSignal();
    const stuck = () =>
      storedObject(infoOf(1), { bytes: () => new Promise<Uint8Array>(() => {}) }, { signal });
    const reading = stuck().bytes();
    expect(count()).toBe(1);
    abort('why');
    await expect(reading).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    expect(count()).toBe(0);
    await expect(stuck().bytes()).rejects.toMatchObject({ code: 'aborted' });
    expect(() => stuck().stream()).toThrow('aborted by its signal');
  });

  test('that is aborted already lets go of what the body holds', async () => {
    const hold = held();
    storedObject(infoOf(1), hold.source, { signal: AbortSignal.abort('early') });
    await vi.waitFor(() => expect(hold.released).toHaveBeenCalled());
  });

  test('has no listener left after 1,000 bodies were read in any form', async () => {
    const { signal, count } = countedSignal();
    for (let index = 0; index < 1000; index += 1) {
      const [, make] = SOURCES[index % SOURCES.length] ?? SOURCES[0] ?? expect.unreachable();
      const object = storedObject(infoOf(content.byteLength), make(), { signal });
      if (index % 3 === 0) await object.bytes();
      else if (index % 3 === 1) await readAll(object.stream());
      else await object.cancel();
    }
    expect(count()).toBe(0);
  });
});

describe('the idle time of a body', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('lets an unread body go after 60 seconds', async () => {
    const hold = held();
    const object = storedObject(infoOf(content.byteLength), hold.source);
    await vi.advanceTimersByTimeAsync(59_999);
    expect(hold.released).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(hold.released).toHaveBeenCalledTimes(1);
    await expect(object.bytes()).rejects.toMatchObject({ code: 'timeout', key: 'docs/a.txt' });
  });

  test('counts from the last chunk that was read', async () => {
    const hold = held();
    const stream = storedObject(infoOf(content.byteLength), hold.source, {
      idleBodyMs: 1000,
    }).stream();
    const reader = stream.getReader();
    await vi.advanceTimersByTimeAsync(900);
    await reader.read();
    await vi.advanceTimersByTimeAsync(900);
    expect(hold.released).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(100);
    expect(hold.released).toHaveBeenCalledTimes(1);
    await expect(reader.read()).rejects.toMatchObject({ code: 'timeout' });
  });

  test('does not count while a read is running', async () => {
    let finish: ((bytes: Uint8Array) => void) | undefined;
    const released = vi.fn();
    const object = storedObject(
      infoOf(1),
      {
        bytes: () =>
          new Promise((resolve) => {
            finish = resolve;
          }),
        cancel: released,
      },
      { idleBodyMs: 1000 },
    );
    const reading = object.bytes();
    await vi.advanceTimersByTimeAsync(5000);
    finish?.(new Uint8Array(1));
    expect(await reading).toHaveLength(1);
    expect(released).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('can be changed from above, and is off with 0', async () => {
    const hold = held();
    const object = storedObject(infoOf(6), hold.source);
    expect(addBodyTerms(object, { idleBodyMs: 10 })).toBe(true);
    await vi.advanceTimersByTimeAsync(10);
    expect(hold.released).toHaveBeenCalledTimes(1);

    const always = held();
    storedObject(infoOf(6), always.source, { idleBodyMs: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('does not begin anew for a body that is over when terms are added', async () => {
    const controller = new AbortController();
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const object = storedObject(infoOf(0), { bytes: () => new Uint8Array(), cancel: () => {} });
    await object.cancel();
    addBodyTerms(object, { signal: controller.signal, idleBodyMs: 5 });
    expect(vi.getTimerCount()).toBe(0);
    expect(add).not.toHaveBeenCalled();
  });

  test('does not exist for a body that holds nothing', () => {
    const object = storedObject(infoOf(0), { bytes: () => new Uint8Array() });
    addBodyTerms(object, { idleBodyMs: 10 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is that of the body below for a body that passes it on', async () => {
    const hold = held();
    const above = mapBody(storedObject(infoOf(6), hold.source), {
      bytes: (bytes) => bytes,
      stream: (stream) => stream,
    });
    expect(vi.getTimerCount()).toBe(1);
    addBodyTerms(above, { idleBodyMs: 10 });
    await vi.advanceTimersByTimeAsync(10);
    expect(hold.released).toHaveBeenCalledTimes(1);
    await expect(above.bytes()).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('terms that are added from above', () => {
  test('name the provider in errors; the first name stays', async () => {
    const object = storedObject(infoOf(1), { bytes: () => new Uint8Array(2) });
    addBodyTerms(object, { provider: 's3' });
    addBodyTerms(object, { provider: 'cached' });
    await expect(object.bytes()).rejects.toMatchObject({ provider: 's3', operation: 'get' });
  });

  test('bring a signal, which does not replace the one that is there', async () => {
    const outer = new AbortController();
    const object = storedObject(infoOf(6), held().source);
    addBodyTerms(object, { signal: outer.signal });
    addBodyTerms(object, { signal: AbortSignal.abort('later') });
    outer.abort('first');
    await expect(object.bytes()).rejects.toMatchObject({ cause: 'first' });
  });

  test('hear of reads that take time', async () => {
    const onRead = vi.fn();
    const quick = storedObject(infoOf(0), { bytes: () => new Uint8Array() });
    addBodyTerms(quick, { onRead });
    await quick.bytes();
    expect(onRead).not.toHaveBeenCalled();
    const slow = storedObject(infoOf(0), { bytes: async () => new Uint8Array() });
    addBodyTerms(slow, { onRead });
    await slow.bytes();
    expect(onRead).toHaveBeenCalledTimes(1);
  });

  test('are not taken by an object of another making', () => {
    const foreign = { info: infoOf(0) } as StoredObject;
    expect(addBodyTerms(foreign, { provider: 'x' })).toBe(false);
    expect(givesStream(foreign)).toBe(true);
  });
});

describe('mapBody', () => {
  const plusOne = (bytes: Uint8Array) => bytes.map((byte) => byte + 1);
  const map = {
    bytes: plusOne,
    stream: (stream: ReadableStream<Uint8Array>) =>
      stream.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform: (chunk, controller) => controller.enqueue(plusOne(chunk)),
        }),
      ),
  };
  const below = (source: BodySource = { bytes: () => new Uint8Array([1, 2]) }) =>
    storedObject(infoOf(2), source);

  test('changes the content in every form', async () => {
    expect(await mapBody(below(), map).bytes()).toEqual(new Uint8Array([2, 3]));
    expect(await readAll(mapBody(below(), map).stream())).toEqual(new Uint8Array([2, 3]));
  });

  test('keeps bytes() one call below', async () => {
    const stream = vi.fn();
    await mapBody(below({ bytes: () => new Uint8Array(2), stream }), map).bytes();
    expect(stream).not.toHaveBeenCalled();
  });

  test('tells another info and range', () => {
    const info = infoOf(2, { key: 'b' });
    const object = mapBody(below(), { ...map, info, range: { offset: 1, length: 2 } });
    expect(object.info.key).toBe('b');
    expect(object.range).toEqual({ offset: 1, length: 2 });
  });

  test('lets go of the body below', async () => {
    const hold = held(new Uint8Array([1, 2]));
    await mapBody(below(hold.source), map).cancel('no');
    expect(hold.released).toHaveBeenCalledWith('no');
    const streamed = held(new Uint8Array(2), 1);
    for await (const _chunk of mapBody(below(streamed.source), map).stream()) break;
    expect(streamed.released).toHaveBeenCalled();
  });

  test('knows whether the body below comes piece by piece', () => {
    expect(givesStream(mapBody(below(), map))).toBe(false);
    expect(givesStream(mapBody(below(held().source), map))).toBe(true);
  });
});
