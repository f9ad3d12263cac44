import { ensure, equal, failsWith, present, rejection, sameWrite } from '../check.ts';
import { decode, drain, encode, filled, noise, settle, until } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

const BIG = 512 * 1024;

/** Whether every byte that a view's buffer reaches is one of the object's or zero. */
function reachesOnly(view: Uint8Array, byte: number): boolean {
  return new Uint8Array(view.buffer).every((found) => found === byte || found === 0);
}

export const getScenarios: readonly Scenario[] = [
  {
    rule: 'GET-1',
    title: 'returns the bytes that were written, with their info',
    async run({ provider, put }) {
      const content = new Uint8Array(256).map((_byte, index) => index);
      const written = await put('a/b', content);
      const object = await provider.get('a/b', {});
      equal(object.info.key, 'a/b', 'key');
      equal(object.info.size, 256, 'size');
      equal(object.info.etag, written.etag, 'etag');
      equal(object.range, undefined, 'range of a whole read');
      equal(await object.bytes(), content, 'content');
    },
  },
  {
    rule: 'GET-1',
    title: 'keeps text that looks like a number, a boolean, JSON or a marker as it is',
    async run({ put, text }) {
      const texts = [
        ...[
          '123',
          '0123',
          '1e5',
          'true',
          'null',
          'undefined',
          'NaN',
          '{"a":1}',
          '[]',
          '"quoted"',
          ' ',
        ],
        ...[
          '__OVERLAY_REMOVED__',
          'base64:AAAA',
          'data:text/plain,x',
          '\ufeffmarked',
          'line\r\nline\n',
        ],
        ...['{"granary":1}', '\0', '$$DELETED$$', '2026-01-01T00:00:00.000Z'],
      ];
      for (const [index, content] of texts.entries()) await put(`t${index}`, content);
      for (const [index, content] of texts.entries()) {
        equal(await text(`t${index}`), content, 'the text');
      }
    },
  },
  {
    rule: 'GET-2',
    title: 'fails with not-found for a missing key',
    async run({ provider, put, missing }) {
      await put('a/b');
      await put('ab');
      for (const key of ['missing', 'a/missing', 'a/b/c', 'a/b/c/d', 'A/B/C', 'b'])
        await missing(key);
      const error = await failsWith('not-found', provider.get('no such key', {}), 'get');
      ensure(error.message.includes('no such key'), 'the message should name the key');
      equal(error.key, 'no such key', 'key of the error');
    },
  },
  {
    rule: 'GET-2',
    title: 'finds no object under a name that only has objects below it',
    async run({ put, missing }) {
      await put('folder/sub/a');
      await missing('folder');
      await missing('folder/sub');
    },
  },
  {
    rule: 'GET-3',
    title: 'gives its content as bytes, stream, text, JSON and blob',
    async run({ provider, put }) {
      await put('a.json', '{"ä":[1,"2",null]}');
      const get = () => provider.get('a.json', {});
      equal(decode(await (await get()).bytes()), '{"ä":[1,"2",null]}', 'bytes');
      equal(decode(await drain((await get()).stream())), '{"ä":[1,"2",null]}', 'stream');
      equal(await (await get()).text(), '{"ä":[1,"2",null]}', 'text');
      equal(await (await get()).json(), { ä: [1, '2', null] }, 'json');
      const blob = await (await get()).blob();
      equal(await blob.text(), '{"ä":[1,"2",null]}', 'blob');
    },
  },
  {
    rule: 'GET-3',
    title: 'gives an empty object in every form',
    async run({ provider, put }) {
      await put('empty', '');
      const get = () => provider.get('empty', {});
      equal((await get()).info.size, 0, 'size');
      equal(await (await get()).bytes(), new Uint8Array(0), 'bytes');
      equal(await drain((await get()).stream()), new Uint8Array(0), 'stream');
      equal(await (await get()).text(), '', 'text');
      equal((await (await get()).blob()).size, 0, 'size of the blob');
    },
  },
  {
    rule: 'GET-3',
    title: 'refuses a second read of one body',
    async run({ provider, put }) {
      await put('a', 'once');
      const read = await provider.get('a', {});
      await read.bytes();
      await failsWith('invalid-argument', () => read.text(), 'a second read');
      const streamed = await provider.get('a', {});
      await drain(streamed.stream());
      await failsWith('invalid-argument', () => streamed.bytes(), 'a read after the stream');
      await failsWith(
        'invalid-argument',
        async () => await drain(streamed.stream()),
        'a second stream',
      );
    },
  },
  {
    rule: 'GET-3',
    title: 'gives a stream that can be teed, piped and read chunk by chunk',
    async run({ provider, put }) {
      const content = noise(BIG, 3);
      await put('a', content);
      const [left, right] = (await provider.get('a', {})).stream().tee();
      const [one, other] = await Promise.all([drain(left), drain(right)]);
      equal(one, content, 'the left branch');
      equal(other, content, 'the right branch');
      const piped = (await provider.get('a', {}))
        .stream()
        .pipeThrough(new TransformStream<Uint8Array, Uint8Array>());
      equal(await drain(piped), content, 'the piped stream');
      const reader = (await provider.get('a', {})).stream().getReader();
      let size = 0;
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        ensure(next.value instanceof Uint8Array, 'a chunk should be a Uint8Array');
        size += next.value.byteLength;
      }
      equal(size, BIG, 'bytes read chunk by chunk');
    },
  },
  {
    rule: 'GET-4',
    title: 'hands out bytes that belong to the caller',
    async run({ provider, put, bytes }) {
      const content = noise(1000, 4);
      await put('a', content);
      (await bytes('a')).fill(0);
      equal(await bytes('a'), content, 'content after the first reader changed its bytes');
      for await (const chunk of (await provider.get('a', {})).stream()) chunk.fill(0);
      equal(await bytes('a'), content, 'content after a reader changed its chunks');
      const part = await provider.get(
        'a',
        provider.capabilities.rangeReads ? { range: { offset: 10, length: 10 } } : {},
      );
      (await part.bytes()).fill(0);
      equal(await bytes('a'), content, 'content after a reader changed its part');
    },
  },
  {
    rule: 'GET-4',
    title: 'hands out no bytes but those of the object',
    async run({ provider, put, bytes }) {
      await put('other', filled(5000, 0x5a));
      await bytes('other');
      for (const size of [0, 1, 100, 5000]) {
        await put('mine', filled(size, 0xa5));
        const whole = await bytes('mine');
        ensure(reachesOnly(whole, 0xa5), `the buffer of ${size} bytes should reach nothing else`);
        for await (const chunk of (await provider.get('mine', {})).stream()) {
          ensure(
            reachesOnly(chunk, 0xa5),
            `the buffer of a chunk of ${size} bytes should reach nothing else`,
          );
        }
      }
    },
  },
  {
    rule: 'GET-5',
    title: 'lets go of a body that is cancelled, disposed or broken out of, and again',
    async run({ provider, put, text, delete: remove }) {
      const content = noise(BIG, 5);
      await put('a', content);
      const unread = await provider.get('a', {});
      await unread.cancel();
      await unread.cancel('again');
      await rejection(() => unread.bytes(), 'a read after cancel');
      {
        await using disposed = await provider.get('a', {});
        equal(disposed.info.size, BIG, 'size');
      }
      const read = await provider.get('a', {});
      await read.bytes();
      await read.cancel();
      await read[Symbol.asyncDispose]();
      for await (const chunk of (await provider.get('a', {})).stream()) {
        ensure(chunk.byteLength > 0, 'a first chunk');
        break;
      }
      await (await provider.get('a', {})).stream().cancel('enough');
      await put('a', 'after');
      equal(await text('a'), 'after', 'content after all of that');
      await remove('a');
    },
  },
  {
    rule: 'GET-5',
    title: 'holds nothing once bodies are read, cancelled or disposed',
    needs: ['outside.held'],
    async run({ provider, put, outside, patienceMs }) {
      await put('a', noise(BIG, 6));
      const before = await outside.held?.();
      for (let turn = 0; turn < 8; turn += 1) {
        await (await provider.get('a', {})).bytes();
        await drain((await provider.get('a', {})).stream());
        await (await provider.get('a', {})).cancel();
        await using _unread = await provider.get('a', {});
        for await (const _chunk of (await provider.get('a', {})).stream()) break;
        const reader = (await provider.get('a', {})).stream().getReader();
        await reader.read();
        await reader.cancel();
      }
      const released = await until(async () => (await outside.held?.()) === before, patienceMs);
      ensure(released, `${await outside.held?.()} things are held, ${before} were before`);
    },
  },
  {
    rule: 'GET-9',
    title: 'lets go of a body that nobody reads',
    needs: ['outside.held'],
    async run({ storage, put, outside, patienceMs }) {
      await put('a', noise(BIG, 7));
      const before = await outside.held?.();
      const engine = storage({ idleBodyMs: 20 });
      const unread = await engine.get('a');
      const halfRead = (await engine.get('a')).stream().getReader();
      await halfRead.read().catch(() => undefined);
      const released = await until(async () => (await outside.held?.()) === before, patienceMs);
      ensure(released, `${await outside.held?.()} things are held, ${before} were before`);
      await new Promise((resolve) => setTimeout(resolve, 40));
      const late = await unread.bytes().catch((error: unknown) => error);
      if (late instanceof Error) await failsWith('timeout', Promise.reject(late), 'a late read');
      await rejection(async () => {
        for (;;) if ((await halfRead.read()).done) throw new Error('it ended');
      }, 'a late read of the rest');
    },
  },
  {
    rule: 'GET-6',
    title: 'never mixes two writes in one body',
    async run({ provider, put }) {
      await put('a', filled(BIG, 1));
      const object = await provider.get('a', {});
      const reader = object.stream().getReader();
      const first = await reader.read();
      await put('a', filled(BIG, 2));
      const chunk = present(first.value, 'a first chunk');
      const expected = chunk[0];
      let size = chunk.byteLength;
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          ensure(
            next.value.every((byte) => byte === expected),
            'all bytes of a body should be of one write',
          );
          size += next.value.byteLength;
        }
      } catch (error) {
        const conflict = await failsWith(
          'conflict',
          Promise.reject(error),
          'a body whose object changed',
        );
        ensure(conflict.retryable, 'the conflict should be retryable');
        return;
      }
      equal(size, BIG, 'bytes read');
      equal(expected, 1, 'the write that was opened');
    },
  },
  {
    rule: 'GET-6',
    title: 'reads an opened body to its end, or fails, when the object is deleted under it',
    async run({ provider, put, delete: remove }) {
      await put('a', filled(BIG, 1));
      const object = await provider.get('a', {});
      await remove('a');
      try {
        equal(await object.bytes(), filled(BIG, 1), 'the opened body');
      } catch (error) {
        await failsWith(
          ['conflict', 'not-found'],
          Promise.reject(error),
          'a body whose object was deleted',
        );
      }
    },
  },
  {
    rule: 'GET-7',
    title: 'tells the size of the whole object',
    async run({ provider, put, bytes }) {
      for (const size of [0, 1, 2, 1023, 1024, 1025, 65_535, 65_536, 65_537, 200_000]) {
        const info = await put('a', noise(size, size));
        equal(info.size, size, 'size that put tells');
        equal((await provider.stat('a', {})).size, size, 'size that stat tells');
        equal(
          (
            await provider.get('a', {}).then(async (object) => {
              await object.cancel();
              return object.info;
            })
          ).size,
          size,
          'size that get tells',
        );
        equal(await bytes('a'), noise(size, size), `content of ${size} bytes`);
      }
    },
  },
  {
    rule: 'GET-8',
    title: 'hands out encoded content as it was stored',
    async run({ provider, capabilities, put, bytes }) {
      const source = new Blob([encode('to be squeezed '.repeat(50)) as BlobPart]).stream();
      const squeezed = await drain(source.pipeThrough(new CompressionStream('gzip')));
      const keepsHeaders = isDeclared(capabilities, 'attributes');
      await put('a.gz', squeezed, keepsHeaders ? { contentEncoding: 'gzip' } : {});
      equal(await bytes('a.gz'), squeezed, 'the encoded content');
      equal((await provider.stat('a.gz', {})).size, squeezed.byteLength, 'size');
      await put('b.txt.gz', squeezed);
      equal(await bytes('b.txt.gz'), squeezed, 'encoded content by its name');
    },
  },
  {
    rule: 'STAT-1',
    title: 'tells the same info as get and put',
    async run({ provider, put }) {
      const written = await put('a.txt', 'content');
      const object = await provider.get('a.txt', {});
      await object.cancel();
      const info = await provider.stat('a.txt', {});
      equal({ ...object.info }, { ...info }, 'info of get, compared with stat');
      sameWrite(written, info, 'info of put, compared with stat');
      ensure(
        info.modifiedAt instanceof Date && !Number.isNaN(info.modifiedAt.getTime()),
        'modifiedAt should be a date',
      );
    },
  },
  {
    rule: 'STAT-2',
    title: 'changes nothing by reading',
    async run({ provider, put, bytes, keys }) {
      await put('a', 'content');
      const before = await provider.stat('a', {});
      await bytes('a');
      await (await provider.get('a', {})).cancel();
      await keys();
      await settle();
      equal({ ...(await provider.stat('a', {})) }, { ...before }, 'info after reads');
    },
  },
];
