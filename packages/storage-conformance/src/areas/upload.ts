import { begin, partSize, writeAll } from '../begun-upload.ts';
import { ensure, equal, failsWith, present, sameWrite } from '../check.ts';
import { noise } from '../content.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['upload'] as const;
/** Larger parts than this are not made to be refused. */
const LARGEST_TRIED = 64 * 1024 * 1024;

export const uploadScenarios: readonly Scenario[] = [
  {
    rule: 'UP-1',
    title: 'makes the object with complete, and shows nothing before',
    needs: NEEDS,
    async run({ provider, missing, bytes, keys, put, text }) {
      await put('there', 'old content');
      for (const key of ['new/a', 'there']) {
        const upload = await begin(provider, key);
        await writeAll(upload);
        if (key === 'there')
          equal(await text('there'), 'old content', 'the object before complete');
        else await missing(key);
        ensure(
          !(await keys()).includes('new/a') || key === 'there',
          'a pending upload should not be listed',
        );
        const info = await upload.session.complete();
        equal(info.key, key, 'key in the info');
        equal(info.size, upload.content.byteLength, 'size in the info');
        sameWrite(info, await provider.stat(key, {}), 'info of complete, compared with stat');
        equal(await bytes(key), upload.content, 'the content');
      }
      equal((await keys()).toSorted(), ['new/a', 'there'], 'the keys');
    },
  },
  {
    rule: 'UP-1',
    title: 'gives the object the attributes of the start',
    needs: ['upload', 'attributes'],
    async run({ provider, put }) {
      await put('a', 'old', { metadata: { old: true }, cacheControl: 'no-store' });
      const attributes = {
        contentType: 'image/png',
        metadata: { n: 1 },
        tags: ['t'],
        expiresAt: new Date(4_102_444_800_000),
      };
      const upload = await begin(provider, 'a', { attributes });
      await writeAll(upload);
      await upload.session.complete();
      const info = await provider.stat('a', {});
      for (const [name, value] of Object.entries(attributes))
        equal(info[name as keyof typeof info], value, name);
      equal(info.cacheControl, undefined, 'cacheControl of the old object');
    },
  },
  {
    rule: 'UP-1',
    title: 'takes an upload in one part, and of one byte',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const session = await present(provider.upload, 'upload')('one', { totalBytes: 1 });
      await session.write(0, Uint8Array.of(7));
      await session.complete();
      equal(await bytes('one'), Uint8Array.of(7), 'the content');
    },
  },
  {
    rule: 'UP-1',
    title: 'makes an empty object of an upload without parts',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const session = await present(provider.upload, 'upload')('empty', { totalBytes: 0 });
      equal((await session.complete()).size, 0, 'size in the info');
      equal(await bytes('empty'), new Uint8Array(0), 'the content');
    },
  },
  {
    rule: 'UP-1',
    title: 'keeps its own copy of a part',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const upload = await begin(provider, 'a');
      let offset = 0;
      for (const part of upload.parts) {
        const mine = part.slice();
        await upload.session.write(offset, mine);
        mine.fill(0);
        offset += part.byteLength;
      }
      await upload.session.complete();
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'UP-2',
    title: 'tells what it holds, and takes a part again, the last one counting',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const upload = await begin(provider, 'a');
      const [first, second, last] = upload.parts;
      equal((await upload.session.status()).held, [], 'held at the start');
      await upload.session.write(0, first);
      equal(
        (await upload.session.status()).held,
        [{ offset: 0, length: first.byteLength }],
        'held after one part',
      );
      if (upload.session.part.order === 'any') {
        await upload.session.write(0, noise(first.byteLength, 99));
        await upload.session.write(0, first);
      }
      await upload.session.write(first.byteLength, second);
      equal(
        (await upload.session.status()).held,
        [{ offset: 0, length: first.byteLength * 2 }],
        'held after two parts that touch',
      );
      await upload.session.write(first.byteLength * 2, last);
      await upload.session.complete();
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'UP-2',
    title: 'takes parts in any order and several at once',
    needs: NEEDS,
    async run({ provider, bytes, skip }) {
      const upload = await begin(provider, 'a');
      if (upload.session.part.order !== 'any') skip('parts come in sequence');
      const [first, second, last] = upload.parts;
      await upload.session.write(first.byteLength * 2, last);
      equal(
        (await upload.session.status()).held,
        [{ offset: first.byteLength * 2, length: 7 }],
        'held after the last part',
      );
      await Promise.all([
        upload.session.write(first.byteLength, second),
        upload.session.write(0, first),
      ]);
      equal(
        (await upload.session.status()).held,
        [{ offset: 0, length: upload.content.byteLength }],
        'held after all parts',
      );
      await upload.session.complete();
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'UP-3',
    title: 'refuses to complete while a part is missing, and goes on afterwards',
    needs: NEEDS,
    async run({ provider, bytes, missing }) {
      const upload = await begin(provider, 'a');
      const [first, second, last] = upload.parts;
      await failsWith('invalid-argument', upload.session.complete(), 'complete without parts');
      await upload.session.write(0, first);
      await failsWith(
        'invalid-argument',
        upload.session.complete(),
        'complete after one part of three',
      );
      if (upload.session.part.order === 'any') {
        await upload.session.write(first.byteLength * 2, last);
        await failsWith('invalid-argument', upload.session.complete(), 'complete with a hole');
      }
      await missing('a');
      await upload.session.write(first.byteLength, second);
      await upload.session.write(first.byteLength * 2, last);
      await upload.session.complete();
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'UP-3',
    title: 'completes under conditions',
    needs: ['upload', 'uploadConditions'],
    async run({ provider, put, text, bytes }) {
      const first = await put('a', 'first');
      const create = await begin(provider, 'a');
      await writeAll(create);
      await failsWith(
        'precondition-failed',
        create.session.complete({ ifNoneMatch: '*' }),
        'complete onto an object',
      );
      await put('a', 'second');
      await failsWith(
        'precondition-failed',
        create.session.complete({ ifMatch: first.etag }),
        'complete over a write that is gone',
      );
      equal(await text('a'), 'second', 'the object');
      await create.session.complete({ ifMatch: (await provider.stat('a', {})).etag });
      equal(await bytes('a'), create.content, 'the object after complete');
      const fresh = await begin(provider, 'b');
      await writeAll(fresh);
      await fresh.session.complete({ ifNoneMatch: '*' });
      equal(await bytes('b'), fresh.content, 'the new object');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses conditions of complete where `uploadConditions` is not declared',
    needs: ['upload', '!uploadConditions'],
    async run({ provider, missing }) {
      const upload = await begin(provider, 'a');
      await writeAll(upload);
      await failsWith('unsupported', upload.session.complete({ ifNoneMatch: '*' }), 'complete');
      await missing('a');
      await upload.session.abort();
    },
  },
  {
    rule: 'UP-4',
    title: 'refuses parts against its rules',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const upload = await begin(provider, 'a');
      const { session, content } = upload;
      const bad = (offset: number, part: Uint8Array, what: string) =>
        failsWith('invalid-argument', session.write(offset, part), what);
      for (const offset of [-1, 0.5, Number.NaN])
        await bad(offset, noise(1), `a part at ${offset}`);
      await bad(0, new Uint8Array(0), 'an empty part');
      await bad(0, 'text' as unknown as Uint8Array, 'a part that is no bytes');
      await bad(content.byteLength - 7, noise(8), 'a part past the total');
      const { maxBytes, multipleOf } = session.part;
      if (maxBytes <= LARGEST_TRIED)
        await bad(0, new Uint8Array(maxBytes + 1), 'a part that is too large');
      if (multipleOf > 1)
        await bad(1, noise(multipleOf), 'a part at an offset that is no multiple');
      await writeAll(upload);
      await session.complete();
      equal(await bytes('a'), content, 'the content');
    },
  },
  {
    rule: 'UP-4',
    title: 'tells rules that can be kept',
    needs: NEEDS,
    async run({ provider }) {
      const session = await present(provider.upload, 'upload')('a', { totalBytes: 10 });
      const { part } = session;
      ensure(
        part.maxBytes >= Math.max(1, part.minBytes),
        '`maxBytes` should be at least `minBytes`',
      );
      ensure(
        part.multipleOf >= 1 && part.maxParts >= 1,
        '`multipleOf` and `maxParts` should be at least 1',
      );
      ensure(partSize(part) <= part.maxBytes, 'a part of the least size should fit');
      ensure(session.token.length > 0, 'a session should have a token');
      ensure(
        !JSON.stringify(session).includes(session.token),
        'a session that is printed should not show its token',
      );
      await session.abort();
    },
  },
];
