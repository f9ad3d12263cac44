import { type BodyInput, guardProvider, type PutOptions, toBody } from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith, rejection } from '../check.ts';
import { encode, join, noise, watchedSource } from '../content.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

async function* generate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

function streamOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return watchedSource(chunks).stream;
}

/** Whether a body without a size can go up in one put: it can, unless core would send it in parts. */
function takesUnknownSizes({ capabilities }: ScenarioContext): boolean {
  return capabilities.maxPutBytes === undefined || !capabilities.upload;
}

/** The error chain of an error, itself first. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let cause = error; cause !== undefined && !chain.includes(cause); ) {
    chain.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return chain;
}

/** A put that fails in the middle, over an object that is there and where there is none. */
async function keepsTheOld(
  context: ScenarioContext,
  make: () => { readonly body: BodyInput; readonly size?: number },
  check: (error: unknown) => Promise<void> | void,
): Promise<void> {
  const { provider, put, text, missing, keys, capabilities } = context;
  const attributes: PutOptions =
    (capabilities.attributes ?? 'none') === 'none' ? {} : { metadata: { kept: true } };
  const before = await put('old.bin', 'old content', attributes);
  for (const key of ['old.bin', 'new.bin']) {
    const { body, size } = make();
    const attempt = () =>
      provider.put(key, toBody(body, size === undefined ? {} : { size }), {
        ...(attributes.metadata && { metadata: { kept: false } }),
      });
    await check(await rejection(attempt, `put of ${key}`));
  }
  equal(await text('old.bin'), 'old content', 'the old content');
  equal({ ...(await provider.stat('old.bin', {})) }, { ...before }, 'info of the old object');
  await missing('new.bin');
  equal(await keys(), ['old.bin'], 'the keys');
  equal((await context.outside.leftovers?.()) ?? [], [], 'what a failed write left behind');
}

export const putScenarios: readonly Scenario[] = [
  {
    rule: 'PUT-1',
    title: 'shows a write to the next read and the next listing',
    async run({ put, text, keys, provider, delete: remove, missing }) {
      for (let turn = 0; turn < 5; turn += 1) {
        await put('a', `turn ${turn}`);
        equal(await text('a'), `turn ${turn}`, 'the next read');
        equal((await provider.stat('a', {})).size, 6, 'the next stat');
        equal(await keys(), ['a'], 'the next listing');
        await remove('a');
        await missing('a');
        equal(await keys(), [], 'the listing after the delete');
      }
    },
  },
  {
    rule: 'PUT-2',
    title: 'keeps the old object when the source fails in the middle',
    async run(context) {
      const failure = new Error('the source broke');
      const make = () => ({
        body: watchedSource([noise(70_000), noise(1000)], { error: failure }).stream,
        ...(!takesUnknownSizes(context) && { size: 100_000 }),
      });
      await keepsTheOld(context, make, () => {});
    },
  },
  {
    rule: 'PUT-2',
    title: 'shows nothing of a write that is not finished',
    async run(context) {
      const { provider, text, put, missing, keys } = context;
      await put('old', 'old content');
      let finish = (): void => {};
      const gate = new Promise<void>((resolve) => {
        finish = resolve;
      });
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield noise(100_000);
        await gate;
        yield encode('end');
      }
      const size = takesUnknownSizes(context) ? {} : { size: 100_003 };
      const writes = ['old', 'new'].map((key) => provider.put(key, toBody(slowly(), size), {}));
      await new Promise((resolve) => setTimeout(resolve, 20));
      equal(await text('old'), 'old content', 'the object that is being replaced');
      await missing('new');
      equal(await keys(), ['old'], 'the keys while writes go on');
      finish();
      await Promise.all(writes);
      equal((await provider.stat('old', {})).size, 100_003, 'size after the write');
      equal((await keys()).toSorted(), ['new', 'old'], 'the keys after the writes');
    },
  },
  {
    rule: 'PUT-2',
    title: 'keeps the old object when the last step of a write fails',
    needs: ['outside.fault'],
    async run(context) {
      const { provider, put, text, missing, outside, skip } = context;
      await put('old', 'old content');
      if (!(await outside.fault?.('last-step-of-write'))) skip('the harness can fail no last step of a write');
      await rejection(put('old', 'new content'), 'put over an object');
      await rejection(put('new', 'new content'), 'put');
      await outside.fault?.(undefined);
      equal(await text('old'), 'old content', 'the old content');
      await missing('new');
      equal((await provider.stat('old', {})).size, 11, 'size of the old object');
      equal((await outside.leftovers?.()) ?? [], [], 'what the failed write left behind');
    },
  },
  {
    rule: 'PUT-3',
    title: 'replaces longer content by shorter, and shorter by longer',
    async run({ put, bytes }) {
      for (const size of [100_000, 10, 0, 5000, 1, 70_000]) {
        await put('a', noise(size, size));
        equal(await bytes('a'), noise(size, size), `content of ${size} bytes`);
      }
    },
  },
  {
    rule: 'PUT-3',
    title: 'drops the attributes of the object that it replaces',
    needs: ['attributes'],
    async run({ provider, put }) {
      await put('a.txt', 'one', {
        contentType: 'image/png',
        contentEncoding: 'br',
        contentLanguage: 'de',
        contentDisposition: 'attachment',
        cacheControl: 'no-store',
        metadata: { a: 1 },
        tags: ['x'],
        expiresAt: new Date(4_102_444_800_000),
      });
      const fresh = await put('fresh.txt', 'two');
      await put('a.txt', 'two');
      const info = await provider.stat('a.txt', {});
      for (const field of [
        ...(['contentType', 'contentEncoding', 'contentLanguage', 'contentDisposition'] as const),
        ...(['cacheControl', 'metadata', 'tags', 'expiresAt'] as const),
      ]) {
        equal(info[field], fresh[field], `${field} after a put without it`);
      }
      ensure(info.metadata === undefined && info.tags === undefined && info.expiresAt === undefined, 'metadata, tags and expiry should be gone');
    },
  },
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
        ...(takesUnknownSizes(context) && { stream: streamOf([]), generator: generate([]), zero: streamOf([new Uint8Array(0)]) }),
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
          if (size > (capabilities.maxPutBytes ?? size)) continue;
          const content = noise(size, block);
          await put('buffered', content);
          equal(await bytes('buffered'), content, `${size} bytes from a buffer`);
          const half = Math.floor(size / 2);
          await provider.put('streamed', toBody(streamOf([content.slice(0, half), content.slice(half)]), { size }), {});
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
    rule: 'PUT-7',
    title: 'refuses a body that has fewer bytes than it declares, and writes nothing',
    async run(context) {
      const make = () => ({ body: streamOf([noise(500), noise(400)]), size: 1000 });
      await keepsTheOld(context, make, async (error) => {
        await failsWith('invalid-argument', Promise.reject(error), 'a body that is too short');
      });
    },
  },
  {
    rule: 'PUT-7',
    title: 'refuses a body that has more bytes than it declares, and writes nothing',
    async run(context) {
      const make = () => ({ body: streamOf([noise(500), noise(600)]), size: 1000 });
      await keepsTheOld(context, make, async (error) => {
        await failsWith('invalid-argument', Promise.reject(error), 'a body that is too long');
      });
      await keepsTheOld(context, () => ({ body: streamOf([noise(1)]), size: 0 }), async (error) => {
        await failsWith('invalid-argument', Promise.reject(error), 'a body that should be empty');
      });
    },
  },
  {
    rule: 'PUT-7',
    title: 'counts a declared size of more than 4 GiB in whole',
    async run(context) {
      const make = () => ({ body: streamOf([noise(5)]), size: 2 ** 32 + 5 });
      await keepsTheOld(context, make, async (error) => {
        await failsWith(['invalid-argument', 'too-large', 'quota-exceeded'], Promise.reject(error), 'a body of 5 bytes that declares 4 GiB more');
      });
    },
  },
  {
    rule: 'PUT-8',
    title: 'surfaces the error of the source as its cause',
    async run(context) {
      const failure = new Error('the source broke');
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield noise(10);
        throw failure;
      }
      const size = takesUnknownSizes(context) ? {} : { size: 100 };
      const inputs: readonly (() => BodyInput)[] = [broken, () => watchedSource([noise(10)], { error: failure }).stream];
      for (const input of inputs) {
        const error = await rejection(context.provider.put('a', toBody(input(), size), {}), 'put');
        ensure(causes(error).includes(failure), `the source's error should be the cause of ${String(error)}`);
        await context.missing('a');
      }
    },
  },
  {
    rule: 'PUT-8',
    title: 'lets go of the source when the write is refused or ends early',
    async run(context) {
      const { provider, capabilities } = context;
      let ended = 0;
      async function* source(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield noise(100);
        } finally {
          ended += 1;
        }
      }
      await rejection(provider.put('a', toBody(source(), { size: 150 }), {}), 'a put that gets too much');
      equal(ended, 1, 'sources let go of after a failed write');
      const refused = watchedSource([noise(10)]);
      await failsWith('invalid-key', provider.put('a//b', toBody(refused.stream), {}), 'a put that is refused');
      ensure(refused.cancelled(), 'the source of a refused write should be cancelled');
      if (capabilities.createIfAbsent) {
        await context.put('there');
        const known = watchedSource([noise(10)]);
        const create = provider.put('there', toBody(known.stream, { size: 10 }), { ifNoneMatch: '*' });
        await failsWith('precondition-failed', create, 'a put whose condition fails');
        ensure(known.cancelled() || known.pulled() > 1, 'the source of a write whose condition fails should be read or cancelled');
      }
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
      const put = (input: () => BodyInput) => async () => await provider.put('a', toBody(input(), size), {});
      await failsWith('invalid-argument', put(mixed), 'a text among the chunks');
      const numbers = new ReadableStream({ start: (controller) => controller.enqueue(7) });
      await failsWith('invalid-argument', put(() => numbers), 'a number among the chunks');
      const locked = streamOf([noise(4)]);
      locked.getReader();
      await failsWith('invalid-argument', put(() => locked), 'a locked stream');
      const used = streamOf([noise(4)]);
      for await (const chunk of used) ensure(chunk.byteLength === 4, 'the only chunk');
      await failsWith('invalid-argument', put(() => used), 'a used stream');
      for (const wrong of [null, 7, {}, [1, 2], new Date(0)]) {
        await failsWith('invalid-argument', put(() => wrong as unknown as BodyInput), 'something that is no content');
      }
      if (typeof SharedArrayBuffer === 'function') {
        const memory = new SharedArrayBuffer(8);
        await failsWith('invalid-argument', put(() => new Uint8Array(memory) as unknown as BodyInput), 'shared memory');
      }
      await missing('a');
    },
  },
  {
    rule: 'PUT-10',
    title: 'keeps the SHA-256 of the content when it is asked to',
    needs: ['checksum'],
    async run({ provider }) {
      const empty = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
      const abc = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
      const contents: readonly (readonly [string, string])[] = [['', empty], ['abc', abc]];
      for (const [content, checksum] of contents) {
        const info = await provider.put('a', toBody(content), { checksum: 'sha256' });
        equal(info.checksums?.['sha256'], checksum, `checksum of ${JSON.stringify(content)} that put tells`);
        equal((await provider.stat('a', {})).checksums?.['sha256'], checksum, 'checksum that stat tells');
      }
      const streamed = await provider.put('b', toBody(streamOf([encode('a'), encode('bc')]), { size: 3 }), { checksum: 'sha256' });
      equal(streamed.checksums?.['sha256'], abc, 'checksum of a stream');
    },
  },
  {
    rule: 'PUT-11',
    title: 'refuses a body above its limits without reading it',
    async run({ provider, capabilities, missing, skip, outside }) {
      const limits = [capabilities.maxPutBytes, capabilities.maxObjectBytes].filter((limit) => limit !== undefined);
      if (limits.length === 0) skip('neither `maxPutBytes` nor `maxObjectBytes` is declared');
      const before = outside.requests?.();
      for (const limit of limits) {
        const source = watchedSource([noise(10)]);
        const body = toBody(source.stream, { size: limit + 1 });
        await failsWith('too-large', provider.put('a', body, {}), `a body of ${limit + 1} bytes`);
        equal(source.pulled(), 0, 'chunks read of a body that is too large');
      }
      equal(outside.requests?.(), before, 'requests sent for a body that is too large');
      await missing('a');
    },
  },
  {
    rule: 'PUT-12',
    title: 'fails with quota-exceeded when the store is full, and keeps what it held',
    needs: ['outside.small'],
    async run({ outside }) {
      const small = await outside.small?.(64 * 1024);
      if (small === undefined) fail('the harness should make a small store');
      const provider = guardProvider(small);
      const content = noise(10_000, 16);
      await provider.put('kept', toBody(content), {});
      const error = await failsWith('quota-exceeded', provider.put('big', toBody(noise(200_000)), {}), 'a put that does not fit');
      equal(error.key, 'big', 'key of the error');
      await failsWith('quota-exceeded', provider.put('kept', toBody(streamOf([noise(100_000), noise(100_000)])), {}), 'a replacing stream that does not fit');
      equal(await (await provider.get('kept', {})).bytes(), content, 'what the store held');
      await failsWith('not-found', provider.stat('big', {}), 'stat of what did not fit');
      await provider.put('small', toBody(noise(100)), {});
      equal(join([await (await provider.get('small', {})).bytes()]), noise(100), 'a small object after the failure');
      await provider.close?.();
    },
  },
];
