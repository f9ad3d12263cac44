import type { Progress } from '@granary/storage-core';
import { guardProvider, type UploadSession } from '@granary/storage-core/provider';
import { lasting, pending } from '../begun-upload.ts';
import { ensure, equal, failsWith, present, rejection } from '../check.ts';
import { noise, settle, until, watchedSource } from '../content.ts';
import { isDeclared } from '../needs.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';
import { checkProgress } from './items.ts';
import { chunked, narrow } from './narrow.ts';

const NEEDS = ['upload'] as const;

export const largeScenarios: readonly Scenario[] = [
  {
    rule: 'ENG-8',
    title: 'sends up in parts what does not fit one put, of known and of unknown size',
    needs: NEEDS,
    async run(context) {
      const { provider, bytes, capabilities } = context;
      const { narrowed, size } = await narrow(context);
      const engine = context.storage({}, guardProvider(narrowed));
      const content = noise(size, 71);
      const attributes = isDeclared(capabilities, 'attributes') ? { metadata: { n: 1 } } : {};
      const told: Progress[] = [];
      const info = await engine.put('known', content, {
        ...attributes,
        onProgress: (one) => told.push(one),
      });
      equal(info.size, size, 'size in the info');
      equal(await bytes('known'), content, 'content of known size');
      equal(checkProgress(told, 'put')?.transferredBytes, size, 'the last progress');
      if ('metadata' in attributes)
        equal((await provider.stat('known', {})).metadata, { n: 1 }, 'metadata');
      await engine.put('sized', watchedSource(chunked(content)).stream, { size });
      equal(await bytes('sized'), content, 'content of a stream with a size');
      const probe = await present(provider.upload, 'upload')('probe', { totalBytes: 1 });
      await probe.abort();
      if (!probe.part.needsTotal) {
        await engine.put('unknown', watchedSource(chunked(content)).stream);
        equal(await bytes('unknown'), content, 'content of unknown size');
        await engine.put('small', watchedSource([content.slice(0, 100)]).stream);
        equal(await bytes('small'), content.slice(0, 100), 'small content of unknown size');
      }
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'keeps the old object and no session when the source fails or the caller gives up',
    needs: NEEDS,
    async run(context) {
      const { provider, put, text, missing } = context;
      const { narrowed, size } = await narrow(context);
      const engine = context.storage({}, guardProvider(narrowed));
      await put('old', 'old content');
      const chunks = chunked(noise(size, 72));
      for (const key of ['old', 'new']) {
        const failure = new Error('the source broke');
        const broken = watchedSource(chunks.slice(0, -1), { error: failure });
        await rejection(engine.put(key, broken.stream, { size }), 'put whose source fails');
        const controller = new AbortController();
        const waiting = watchedSource(chunks.slice(0, -1), 'wait');
        const pendingPut = engine.put(key, waiting.stream, { size, signal: controller.signal });
        const failed = failsWith('aborted', pendingPut, 'put that is aborted');
        await settle(5);
        controller.abort();
        await failed;
        await settle();
        ensure(waiting.cancelled(), 'the source should be let go of');
      }
      equal(await text('old'), 'old content', 'the old object');
      await missing('new');
      equal(await lasting(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'hands out the session, and goes on with it',
    needs: NEEDS,
    async run(context) {
      const { provider, bytes } = context;
      const { narrowed, size } = await narrow(context);
      const engine = context.storage({}, guardProvider(narrowed));
      const content = noise(size, 73);
      const chunks = chunked(content);
      let session: UploadSession | undefined;
      let sentBytes = 0;
      async function* broken() {
        yield* chunks.slice(0, -1);
        await until(() => sentBytes > 0, context.patienceMs);
        throw new Error('the source broke');
      }
      await rejection(
        engine.put('a', broken(), {
          size,
          onProgress: ({ transferredBytes }) => {
            sentBytes = transferredBytes;
          },
          onSession: (one) => {
            session = one;
          },
        }),
        'put whose source fails',
      );
      const { token } = present(session, 'the session that onSession was told');
      const held = (await (await present(provider.upload, 'upload')('a', { token })).status()).held;
      ensure(held.length > 0, 'the session should hold what was sent');
      await rejection(engine.put('b', content, { resume: token }), 'going on under another key');
      await rejection(
        engine.put('a', content.slice(0, 10), { resume: token }),
        'going on with other content',
      );
      await engine.put('a', watchedSource(chunks).stream, { size, resume: token });
      equal(await bytes('a'), content, 'content');
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'reads no further ahead than the parts in flight, and stops them all when one fails',
    needs: NEEDS,
    async run(context) {
      const { provider, missing } = context;
      const { narrowed, size } = await narrow(context);
      const partBytes = (size - 123) / 3;
      let fail = (): void => {};
      const gate = new Promise<never>((_resolve, reject) => {
        fail = () => reject(new Error('a part failed'));
      });
      gate.catch(() => {});
      const held = relay(narrowed, {
        async upload(key, options) {
          const session = await present(narrowed.upload, 'upload')(key, options);
          return { ...session, token: session.token, write: () => gate };
        },
      });
      const engine = context.storage({}, guardProvider(held));
      const chunk = noise(Math.ceil(partBytes / 2), 75);
      const source = watchedSource(Array.from({ length: 40 }, () => chunk));
      const told: Progress[] = [];
      const put = engine.put('a', source.stream, {
        size: chunk.byteLength * 40,
        concurrency: 2,
        onProgress: (one) => told.push(one),
      });
      const failed = rejection(put, 'put whose parts fail');
      await settle(10);
      const ahead = source.pulled();
      ensure(
        ahead <= 10,
        `${ahead} chunks of half a part were read while two parts were in flight`,
      );
      fail();
      await failed;
      const count = told.length;
      await settle(5);
      equal(told.length, count, 'progress told after the failure');
      ensure(source.pulled() <= 12, 'the source should not be read on after the failure');
      await missing('a');
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'puts in parts under conditions, or refuses to',
    needs: NEEDS,
    async run(context) {
      const { provider, capabilities, put, text, bytes } = context;
      const { narrowed, size } = await narrow(context);
      const engine = context.storage({}, guardProvider(narrowed));
      const content = noise(size, 74);
      await put('there', 'kept');
      const create = () => engine.put('there', content, { ifNoneMatch: '*' });
      if (!capabilities.uploadConditions) {
        await failsWith('unsupported', create, 'create in parts');
      } else {
        await failsWith('precondition-failed', create, 'create in parts onto an object');
        await engine.put('new', content, { ifNoneMatch: '*' });
        equal(await bytes('new'), content, 'content of the new object');
      }
      equal(await text('there'), 'kept', 'the object');
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
];
