import {
  type BodyInput,
  guardProvider,
  type PutOptions,
  toBody,
} from '@granary/storage-core/provider';
import { differs, ensure, equal, failsWith, present, rejection, sameWrite } from '../check.ts';
import { encode, join, noise, watchedSource } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { streamOf, takesUnknownSizes } from '../sources.ts';

/** Larger content than this is not made to see that it is taken. */
const LARGEST_TRIED = 32 * 1024 * 1024;

/** What the harness finds lying in the store that is no object. */
async function leftovers({ outside }: ScenarioContext): Promise<readonly string[]> {
  return (await outside.leftovers?.()) ?? [];
}

/** Whether an error is another one, or has it among its causes. */
function stemsFrom(error: unknown, source: unknown): boolean {
  if (error === source) return true;
  return error instanceof Error && stemsFrom(error.cause, source);
}

/** A put that fails in the middle, over an object that is there and where there is none. */
async function keepsTheOld(
  context: ScenarioContext,
  make: () => { readonly body: BodyInput; readonly size?: number },
  check: (error: unknown) => Promise<void> | void,
): Promise<void> {
  const { provider, put, text, missing, keys, capabilities } = context;
  const attributes: PutOptions = isDeclared(capabilities, 'attributes')
    ? { metadata: { kept: true } }
    : {};
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
  sameWrite(before, await provider.stat('old.bin', {}), 'the old object');
  await missing('new.bin');
  equal(await keys(), ['old.bin'], 'the keys');
  equal(await leftovers(context), [], 'what a failed write left behind');
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
      const writes = Promise.allSettled(
        ['old', 'new'].map((key) => provider.put(key, toBody(slowly(), size), {})),
      );
      try {
        await new Promise((resolve) => setTimeout(resolve, 20));
        equal(await text('old'), 'old content', 'the object that is being replaced');
        await missing('new');
        equal(await keys(), ['old'], 'the keys while writes go on');
      } finally {
        finish();
      }
      const outcomes = (await writes).map(({ status }) => status);
      equal(outcomes, ['fulfilled', 'fulfilled'], 'what became of the writes');
      equal((await provider.stat('old', {})).size, 100_003, 'size after the write');
      equal((await keys()).toSorted(), ['new', 'old'], 'the keys after the writes');
    },
  },
  {
    rule: 'PUT-2',
    title: 'keeps the old object when the last step of a write fails',
    needs: ['outside.fault'],
    async run(context) {
      const { provider, put, text, missing, during } = context;
      await put('old', 'old content');
      await during('last-step-of-write', async () => {
        await rejection(put('old', 'new content'), 'put over an object');
        await rejection(put('new', 'new content'), 'put');
      });
      equal(await text('old'), 'old content', 'the old content');
      await missing('new');
      equal((await provider.stat('old', {})).size, 11, 'size of the old object');
      equal(await leftovers(context), [], 'what the failed write left behind');
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
      ensure(
        info.metadata === undefined && info.tags === undefined && info.expiresAt === undefined,
        'metadata, tags and expiry should be gone',
      );
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
      await keepsTheOld(
        context,
        () => ({ body: streamOf([noise(1)]), size: 0 }),
        async (error) => {
          await failsWith('invalid-argument', Promise.reject(error), 'a body that should be empty');
        },
      );
    },
  },
  {
    rule: 'PUT-7',
    title: 'counts a declared size of more than 4 GiB in whole',
    async run(context) {
      const make = () => ({ body: streamOf([noise(5)]), size: 2 ** 32 + 5 });
      await keepsTheOld(context, make, async (error) => {
        await failsWith(
          ['invalid-argument', 'too-large', 'quota-exceeded'],
          Promise.reject(error),
          'a body of 5 bytes that declares 4 GiB more',
        );
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
      const inputs: readonly (() => BodyInput)[] = [
        broken,
        () => watchedSource([noise(10)], { error: failure }).stream,
      ];
      for (const input of inputs) {
        const error = await rejection(context.provider.put('a', toBody(input(), size), {}), 'put');
        ensure(
          stemsFrom(error, failure),
          `the source's error should be the cause of ${String(error)}`,
        );
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
      await rejection(
        provider.put('a', toBody(source(), { size: 150 }), {}),
        'a put that gets too much',
      );
      equal(ended, 1, 'sources let go of after a failed write');
      const refused = watchedSource([noise(10)]);
      await failsWith(
        'invalid-key',
        provider.put('a//b', toBody(refused.stream), {}),
        'a put that is refused',
      );
      ensure(refused.cancelled(), 'the source of a refused write should be cancelled');
      if (capabilities.createIfAbsent) {
        await context.put('there');
        const known = watchedSource([noise(10)]);
        const create = provider.put('there', toBody(known.stream, { size: 10 }), {
          ifNoneMatch: '*',
        });
        await failsWith('precondition-failed', create, 'a put whose condition fails');
        ensure(
          known.cancelled() || known.pulled() > 1,
          'the source of a write whose condition fails should be read or cancelled',
        );
      }
    },
  },
  {
    rule: 'PUT-11',
    title: 'refuses a body above its limits without reading it',
    async run({ provider, capabilities, missing, skip, outside }) {
      const { maxPutBytes, maxBufferedPutBytes = 0, maxObjectBytes } = capabilities;
      const limits = [
        maxPutBytes && Math.max(maxPutBytes, maxBufferedPutBytes),
        maxObjectBytes,
      ].filter((limit) => limit !== undefined);
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
      const provider = guardProvider(present(await outside.small?.(64 * 1024), 'a small store'));
      const content = noise(10_000, 16);
      await provider.put('kept', toBody(content), {});
      const error = await failsWith(
        'quota-exceeded',
        provider.put('big', toBody(noise(200_000)), {}),
        'a put that does not fit',
      );
      equal(error.key, 'big', 'key of the error');
      await failsWith(
        'quota-exceeded',
        provider.put('kept', toBody(streamOf([noise(100_000), noise(100_000)])), {}),
        'a replacing stream that does not fit',
      );
      equal(await (await provider.get('kept', {})).bytes(), content, 'what the store held');
      await failsWith('not-found', provider.stat('big', {}), 'stat of what did not fit');
      await provider.put('small', toBody(noise(100)), {});
      equal(
        join([await (await provider.get('small', {})).bytes()]),
        noise(100),
        'a small object after the failure',
      );
      await provider.close?.();
    },
  },
  {
    rule: 'PUT-13',
    title: 'takes a body in memory that is larger than others may be, in one put',
    needs: ['maxBufferedPutBytes'],
    async run({ provider, capabilities, skip }) {
      const { maxPutBytes = 0, maxBufferedPutBytes = 0 } = capabilities;
      ensure(
        maxBufferedPutBytes > maxPutBytes && maxPutBytes > 0,
        '`maxBufferedPutBytes` should be more than `maxPutBytes`',
      );
      if (maxPutBytes >= LARGEST_TRIED) skip('what is larger than others is too large to try');
      const content = noise(maxPutBytes + 1, 17);
      equal((await provider.put('a', toBody(content), {})).size, content.byteLength, 'size');
      equal(await (await provider.get('a', {})).bytes(), content, 'the content');
    },
  },
  {
    rule: 'PUT-4',
    title: 'tells in put what stat tells next, attributes included',
    needs: ['attributes'],
    async run({ provider, put }) {
      const written = await put('a.bin', 'content', {
        contentType: 'image/png',
        metadata: { a: 1 },
        tags: ['x'],
        expiresAt: new Date(4_102_444_800_000),
      });
      sameWrite(written, await provider.stat('a.bin', {}), 'info of put');
      const replaced = await provider.put('a.bin', toBody('other'), {});
      sameWrite(replaced, await provider.stat('a.bin', {}), 'info of the second put');
      differs(replaced.etag, written.etag, 'etag of other content');
    },
  },
];
