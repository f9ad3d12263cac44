import { guardProvider, StorageError, sha256 } from '@granary/storage-core/provider';
import { pending } from '../begun-upload.ts';
import { ensure, equal, failsWith, present } from '../check.ts';
import { noise, watchedSource } from '../content.ts';
import { relay } from '../relay.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';
import { chunked, narrow, withSession } from './narrow.ts';

const NEEDS = ['upload'] as const;

function lost(): StorageError {
  return new StorageError('conflict', 'the session is lost.', { retryable: false, restart: true });
}

/** An engine over a provider that loses so many sessions, each with its second part. */
async function losing(context: ScenarioContext, times: number) {
  const { narrowed, size } = await narrow(context);
  const begun: string[] = [];
  const provider = relay(narrowed, {
    async upload(key, options) {
      const session = await present(narrowed.upload, 'upload')(key, options);
      begun.push(key);
      if (begun.length > times) return session;
      return withSession(session, {
        async write(offset, bytes, how) {
          if (offset > 0) throw lost();
          await session.write(offset, bytes, how);
        },
      });
    },
  });
  return { engine: context.storage({}, guardProvider(provider)), begun, content: noise(size, 76) };
}

export const largeTroubleScenarios: readonly Scenario[] = [
  {
    rule: 'ENG-8',
    title: 'keeps the checksum of what goes up in parts, or refuses to',
    needs: NEEDS,
    async run(context) {
      const { provider, capabilities, bytes, missing } = context;
      const { narrowed, size } = await narrow(context);
      const engine = context.storage({}, guardProvider(narrowed));
      const content = noise(size, 77);
      const put = () => engine.put('a', content, { checksum: true });
      if (!capabilities.uploadChecksum) {
        await failsWith('unsupported', put, 'put in parts with a checksum');
        await missing('a');
      } else {
        const expected = { sha256: await sha256(content) };
        equal((await put()).checksums, expected, 'checksums in the info');
        equal((await provider.stat('a', {})).checksums, expected, 'checksums of stat');
        const source = watchedSource(chunked(content)).stream;
        const info = await engine.put('b', source, { size, checksum: true });
        equal(info.checksums, expected, 'checksums of a stream');
        equal(await bytes('b'), content, 'content of a stream');
      }
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'stores nothing when a part changed on its way up',
    needs: ['upload', 'uploadChecksum'],
    async run(context) {
      const { provider, put, text } = context;
      const { narrowed, size } = await narrow(context);
      const changing = relay(narrowed, {
        async upload(key, options) {
          const session = await present(narrowed.upload, 'upload')(key, options);
          return withSession(session, {
            write: (offset, part, how) =>
              session.write(offset, offset > 0 ? part : part.map((byte) => byte ^ 1), how),
          });
        },
      });
      await put('a', 'old content');
      const engine = context.storage({}, guardProvider(changing));
      const changed = () => engine.put('a', noise(size, 78), { checksum: true });
      await failsWith('corrupted', changed, 'put of which a part changed');
      equal(await text('a'), 'old content', 'the object');
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'begins again when the session is lost, where the body can be read again',
    needs: NEEDS,
    async run(context) {
      const { provider, bytes } = context;
      const { engine, begun, content } = await losing(context, 1);
      const told: number[] = [];
      const info = await engine.put('a', new Blob([content as Uint8Array<ArrayBuffer>]), {
        onProgress: ({ transferredBytes }) => void told.push(transferredBytes),
      });
      equal(info.size, content.byteLength, 'size in the info');
      equal(await bytes('a'), content, 'the content');
      equal(begun, ['a', 'a'], 'sessions that were begun');
      equal(
        told,
        [...new Set(told)].toSorted((a, b) => a - b),
        'progress that counts up',
      );
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
  {
    rule: 'ENG-8',
    title: 'never sends a body again that cannot be read again, and gives up some time',
    needs: NEEDS,
    async run(context) {
      const { provider, missing } = context;
      const once = await losing(context, 1);
      const source = watchedSource(chunked(once.content));
      const size = once.content.byteLength;
      const error = await failsWith(
        'conflict',
        once.engine.put('a', source.stream, { size }),
        'put',
      );
      equal(error.restart, true, 'restart of the error');
      equal(once.begun, ['a'], 'sessions that were begun for a stream');
      const always = await losing(context, Number.POSITIVE_INFINITY);
      await failsWith('conflict', always.engine.put('a', always.content), 'put that always fails');
      const count = always.begun.length;
      ensure(count > 1 && count < 10, `${count} sessions were begun for content in memory`);
      await missing('a');
      equal(await pending(provider), [], 'uploads that are left');
    },
  },
];
