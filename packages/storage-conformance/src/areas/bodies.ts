import { type BodyInput, toBody } from '@granary/storage-core/provider';
import { ensure, equal, failsWith } from '../check.ts';
import { encode, noise } from '../content.ts';
import type { Scenario } from '../scenario.ts';
import { generate, streamOf, takesUnknownSizes } from '../sources.ts';

export const bodyScenarios: readonly Scenario[] = [
  {
    rule: 'PUT-5',
    title: 'takes strings, bytes, buffers, blobs, files, streams and iterables',
    async run(context) {
      const { provider, bytes } = context;
      const content = noise(3000, 11);
      const wide = new Uint8Array(5000);
      wide.set(content, 1000);
      const chunks = [content.slice(0, 1), content.slice(1, 2000), content.slice(2000)];
      const inputs: Readonly<Record<string, BodyInput>> = {
        bytes: content,
        view: wide.subarray(1000, 4000),
        buffer: content.slice().buffer,
        blob: new Blob(chunks as BlobPart[]),
        file: new File(chunks as BlobPart[], 'name.bin', { type: 'image/png' }),
        stream: streamOf(chunks),
        generator: generate(chunks),
        iterable: { [Symbol.asyncIterator]: () => generate(chunks) },
      };
      for (const [name, input] of Object.entries(inputs)) {
        const isStreamed = ['stream', 'generator', 'iterable'].includes(name);
        if (isStreamed && !takesUnknownSizes(context)) continue;
        const info = await provider.put(name, toBody(input), {});
        equal(info.size, 3000, `size of the ${name}`);
        equal(await bytes(name), content, `content of the ${name}`);
      }
      await provider.put('text', toBody('päper 📄'), {});
      equal(await bytes('text'), encode('päper 📄'), 'content of the text');
    },
  },
  {
    rule: 'PUT-5',
    title: 'takes empty content in every form',
    async run(context) {
      const { provider, bytes } = context;
      const inputs: Readonly<Record<string, BodyInput>> = {
        text: '',
        bytes: new Uint8Array(0),
        buffer: new ArrayBuffer(0),
        blob: new Blob([]),
        ...(takesUnknownSizes(context) && {
          stream: streamOf([]),
          generator: generate([]),
          zero: streamOf([new Uint8Array(0)]),
        }),
      };
      for (const [name, input] of Object.entries(inputs)) {
        equal((await provider.put(name, toBody(input), {})).size, 0, `size of the empty ${name}`);
        equal(await bytes(name), new Uint8Array(0), `content of the empty ${name}`);
      }
    },
  },
  {
    rule: 'PUT-5',
    title: 'takes chunks of any size, empty ones among them',
    async run(context) {
      const { provider, bytes } = context;
      const content = noise(150_000, 12);
      const cuts: readonly (readonly number[])[] = [
        [0, 0, 1, 0, 149_999, 0],
        [65_535, 1, 65_536, 18_928],
        [75_000, 75_000],
        Array.from({ length: 1500 }, () => 100),
      ];
      for (const [index, sizes] of cuts.entries()) {
        let offset = 0;
        const chunks = sizes.map((size) => {
          offset += size;
          return content.slice(offset - size, offset);
        });
        const size = takesUnknownSizes(context) && index % 2 === 0 ? {} : { size: 150_000 };
        await provider.put('a', toBody(streamOf(chunks), size), {});
        equal(await bytes('a'), content, `content in ${chunks.length} chunks`);
      }
    },
  },
  {
    rule: 'PUT-5',
    title: 'takes one byte at a time',
    async run({ provider, bytes }) {
      const content = noise(2000, 13);
      const chunks = [...content].map((byte) => Uint8Array.of(byte));
      await provider.put('a', toBody(streamOf(chunks), { size: 2000 }), {});
      equal(await bytes('a'), content, 'the content');
    },
  },
  {
    rule: 'PUT-5',
    title: 'keeps sizes on both sides of usual block sizes',
    slow: true,
    async run({ provider, put, bytes, capabilities }) {
      for (const block of [4096, 16_384, 65_536, 262_144, 1_048_576, 5_242_880]) {
        for (const size of [block - 1, block, block + 1, ...(block <= 65_536 ? [2 * block] : [])]) {
          if (capabilities.maxPutBytes !== undefined && size > capabilities.maxPutBytes) continue;
          const content = noise(size, block);
          await put('buffered', content);
          equal(await bytes('buffered'), content, `${size} bytes from a buffer`);
          const half = Math.floor(size / 2);
          await provider.put(
            'streamed',
            toBody(streamOf([content.slice(0, half), content.slice(half)]), { size }),
            {},
          );
          equal(await bytes('streamed'), content, `${size} bytes from a stream`);
        }
      }
    },
  },
  {
    rule: 'PUT-6',
    title: 'keeps its own copy of the buffer of the caller',
    async run({ provider, put, bytes }) {
      const mine = noise(5000, 14);
      const content = mine.slice();
      await put('a', mine);
      mine.fill(0);
      equal(await bytes('a'), content, 'content after the buffer was changed');
      const wide = noise(10_000, 15);
      const part = wide.slice(100, 5100);
      const pending = provider.put('b', toBody(wide.subarray(100, 5100)), {});
      await pending;
      wide.fill(0);
      equal(await bytes('b'), part, 'content after the buffer around it was changed');
      const info = await provider.stat('b', {});
      equal(info.size, 5000, 'size of a part of a buffer');
    },
  },
  {
    rule: 'PUT-9',
    title: 'refuses chunks that are no bytes, and streams that are locked or used',
    async run(context) {
      const { provider, missing } = context;
      const size = takesUnknownSizes(context) ? {} : { size: 100 };
      async function* mixed(): AsyncGenerator<Uint8Array> {
        yield noise(4);
        yield 'text' as unknown as Uint8Array;
      }
      const put = (input: () => BodyInput) => async () =>
        await provider.put('a', toBody(input(), size), {});
      await failsWith('invalid-argument', put(mixed), 'a text among the chunks');
      const numbers = new ReadableStream({ start: (controller) => controller.enqueue(7) });
      await failsWith(
        'invalid-argument',
        put(() => numbers),
        'a number among the chunks',
      );
      const locked = streamOf([noise(4)]);
      locked.getReader();
      await failsWith(
        'invalid-argument',
        put(() => locked),
        'a locked stream',
      );
      const used = streamOf([noise(4)]);
      for await (const chunk of used) ensure(chunk.byteLength === 4, 'the only chunk');
      await failsWith(
        'invalid-argument',
        put(() => used),
        'a used stream',
      );
      for (const wrong of [null, 7, {}, [1, 2], new Date(0)]) {
        await failsWith(
          'invalid-argument',
          put(() => wrong as unknown as BodyInput),
          'something that is no content',
        );
      }
      const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;
      await failsWith(
        'invalid-argument',
        put(() => new Uint8Array(shared) as unknown as BodyInput),
        'shared memory',
      );
      await missing('a');
    },
  },
];
