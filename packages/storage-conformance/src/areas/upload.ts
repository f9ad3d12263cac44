import type { PartRules, StorageProvider, UploadOptions, UploadSession } from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith, present, rejection } from '../check.ts';
import { collect, join, noise } from '../content.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['upload'] as const;

/** A size that a part but the last may have, as small as the rules allow. */
function partSize({ minBytes, multipleOf }: PartRules): number {
  return Math.max(multipleOf, Math.ceil(Math.max(minBytes, 1) / multipleOf) * multipleOf);
}

interface Begun {
  readonly session: UploadSession;
  /** Content that fits two parts of the least size and a bit. */
  readonly parts: readonly Uint8Array[];
  readonly content: Uint8Array;
}

async function begin(provider: StorageProvider, key: string, options: UploadOptions = {}, seed = 1): Promise<Begun> {
  const upload = present(provider.upload, 'upload');
  const probe = await upload(key, { totalBytes: 100 });
  const size = partSize(probe.part);
  await probe.abort();
  const parts = [noise(size, seed), noise(size, seed + 1), noise(7, seed + 2)];
  const content = join(parts);
  const session = await upload(key, { totalBytes: content.byteLength, ...options });
  return { session, parts, content };
}

async function writeAll({ session, parts }: Begun): Promise<void> {
  let offset = 0;
  for (const part of parts) {
    await session.write(offset, part);
    offset += part.byteLength;
  }
}

async function pending(provider: StorageProvider, prefix?: string): Promise<string[]> {
  const uploads = present(provider.uploads, 'uploads');
  return (await collect(uploads(prefix === undefined ? {} : { prefix }))).map(({ key }) => key);
}

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
        if (key === 'there') equal(await text('there'), 'old content', 'the object before complete');
        else await missing(key);
        ensure(!(await keys()).includes('new/a') || key === 'there', 'a pending upload should not be listed');
        const info = await upload.session.complete();
        equal(info.key, key, 'key in the info');
        equal(info.size, upload.content.byteLength, 'size in the info');
        equal({ ...info }, { ...(await provider.stat(key, {})) }, 'info of complete, compared with stat');
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
      const attributes = { contentType: 'image/png', metadata: { n: 1 }, tags: ['t'], expiresAt: new Date(4_102_444_800_000) };
      const upload = await begin(provider, 'a', { attributes });
      await writeAll(upload);
      await upload.session.complete();
      const info = await provider.stat('a', {});
      for (const [name, value] of Object.entries(attributes)) equal(info[name as keyof typeof info], value, name);
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
      if (first === undefined || second === undefined || last === undefined) fail('three parts');
      equal((await upload.session.status()).held, [], 'held at the start');
      await upload.session.write(0, first);
      equal((await upload.session.status()).held, [{ offset: 0, length: first.byteLength }], 'held after one part');
      if (upload.session.part.order === 'any') await upload.session.write(0, noise(first.byteLength, 99));
      if (upload.session.part.order === 'any') await upload.session.write(0, first);
      await upload.session.write(first.byteLength, second);
      equal((await upload.session.status()).held, [{ offset: 0, length: first.byteLength * 2 }], 'held after two parts that touch');
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
      const [first, second, last] = upload.parts as readonly [Uint8Array, Uint8Array, Uint8Array];
      await upload.session.write(first.byteLength * 2, last);
      equal((await upload.session.status()).held, [{ offset: first.byteLength * 2, length: 7 }], 'held after the last part');
      await Promise.all([upload.session.write(first.byteLength, second), upload.session.write(0, first)]);
      equal((await upload.session.status()).held, [{ offset: 0, length: upload.content.byteLength }], 'held after all parts');
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
      const [first, second, last] = upload.parts as readonly [Uint8Array, Uint8Array, Uint8Array];
      await failsWith('invalid-argument', upload.session.complete(), 'complete without parts');
      await upload.session.write(0, first);
      await failsWith('invalid-argument', upload.session.complete(), 'complete after one part of three');
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
      await failsWith('precondition-failed', create.session.complete({ ifNoneMatch: '*' }), 'complete onto an object');
      await put('a', 'second');
      await failsWith('precondition-failed', create.session.complete({ ifMatch: first.etag }), 'complete over a write that is gone');
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
    title: "refuses parts against its rules",
    needs: NEEDS,
    async run({ provider, bytes }) {
      const upload = await begin(provider, 'a');
      const { session, content } = upload;
      const bad = (offset: number, part: Uint8Array, what: string) =>
        failsWith('invalid-argument', session.write(offset, part), what);
      for (const offset of [-1, 0.5, Number.NaN]) await bad(offset, noise(1), `a part at ${offset}`);
      await bad(0, new Uint8Array(0), 'an empty part');
      await bad(0, 'text' as unknown as Uint8Array, 'a part that is no bytes');
      await bad(content.byteLength - 7, noise(8), 'a part past the total');
      if (session.part.maxBytes <= 64 * 1024 * 1024) {
        await bad(0, new Uint8Array(session.part.maxBytes + 1), 'a part that is too large');
      }
      if (session.part.multipleOf > 1) await bad(1, noise(session.part.multipleOf), 'a part at an offset that is no multiple');
      await writeAll(upload);
      await session.complete();
      equal(await bytes('a'), content, 'the content');
    },
  },
  {
    rule: 'UP-5',
    title: 'opens the session again by its token, with parts and attributes',
    needs: NEEDS,
    async run({ provider, bytes, capabilities }) {
      const attributes = (capabilities.attributes ?? 'none') === 'none' ? {} : { attributes: { metadata: { n: 1 } } };
      const upload = await begin(provider, 'a', attributes);
      const [first, second, last] = upload.parts as readonly [Uint8Array, Uint8Array, Uint8Array];
      await upload.session.write(0, first);
      const again = await present(provider.upload, 'upload')('a', { token: upload.session.token });
      equal((await again.status()).held, [{ offset: 0, length: first.byteLength }], 'held by the session that was opened again');
      await again.write(first.byteLength, second);
      await again.write(first.byteLength * 2, last);
      await again.complete();
      equal(await bytes('a'), upload.content, 'the content');
      if ('attributes' in attributes) equal((await provider.stat('a', {})).metadata, { n: 1 }, 'metadata');
    },
  },
  {
    rule: 'UP-5',
    title: 'opens the session again in another provider',
    needs: ['upload', 'reopen'],
    async run({ provider, bytes, reopen }) {
      const upload = await begin(provider, 'a');
      const [first, second, last] = upload.parts as readonly [Uint8Array, Uint8Array, Uint8Array];
      await upload.session.write(0, first);
      const token = (JSON.parse(JSON.stringify({ token: upload.session.token })) as { token: string }).token;
      const other = await reopen();
      const again = await present(other.upload, 'upload')('a', { token });
      equal((await again.status()).held, [{ offset: 0, length: first.byteLength }], 'held by the session in the other provider');
      await again.write(first.byteLength, second);
      await again.write(first.byteLength * 2, last);
      await again.complete();
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'UP-5',
    title: 'refuses a token of another key, and one that was changed',
    needs: NEEDS,
    async run({ provider, missing }) {
      const upload = await begin(provider, 'a');
      await upload.session.write(0, upload.parts[0] ?? noise(1));
      const { token } = upload.session;
      const open = present(provider.upload, 'upload');
      const refused = (key: string, wrong: string, what: string) =>
        failsWith('invalid-argument', open(key, { token: wrong }), what);
      await refused('b', token, 'a token of another key');
      await refused('a', '', 'an empty token');
      await refused('a', 'nonsense', 'something that is no token');
      await refused('a', `${token}x`, 'a token with a letter more');
      await refused('a', token.slice(0, -2), 'a token that was cut');
      await refused('a', token.split('').toReversed().join(''), 'a token that was turned round');
      await missing('b');
      await upload.session.abort();
    },
  },
  {
    rule: 'UP-6',
    title: 'frees the parts with abort, again too, and ends the session',
    needs: NEEDS,
    async run({ provider, missing, keys }) {
      const upload = await begin(provider, 'a');
      await writeAll(upload);
      await upload.session.abort();
      await upload.session.abort();
      const conflict = (action: () => unknown, what: string) => failsWith('conflict', action, what);
      await conflict(() => upload.session.complete(), 'complete after abort');
      await conflict(() => upload.session.write(0, upload.parts[0] ?? noise(1)), 'write after abort');
      await rejection(() => upload.session.status(), 'status after abort');
      await rejection(() => provider.upload?.('a', { token: upload.session.token }), 'opening an aborted session');
      await missing('a');
      equal(await keys(), [], 'the keys');
      equal(await pending(provider), [], 'pending uploads');
    },
  },
  {
    rule: 'UP-6',
    title: 'ends the session with complete',
    needs: NEEDS,
    async run({ provider, bytes }) {
      const upload = await begin(provider, 'a');
      await writeAll(upload);
      await upload.session.complete();
      await rejection(() => upload.session.write(0, noise(upload.parts[0]?.byteLength ?? 1, 77)), 'write after complete');
      await upload.session.abort();
      equal(await bytes('a'), upload.content, 'the object after a late abort');
    },
  },
  {
    rule: 'UP-6',
    title: 'lists sessions that were begun and not ended',
    needs: NEEDS,
    async run({ provider }) {
      equal(await pending(provider), [], 'pending uploads of an empty store');
      const one = await begin(provider, 'a/1');
      await one.session.write(0, one.parts[0] ?? noise(1));
      const two = await begin(provider, 'a/2');
      const three = await begin(provider, 'ab');
      equal((await pending(provider)).toSorted(), ['a/1', 'a/2', 'ab'], 'pending uploads');
      equal((await pending(provider, 'a/')).toSorted(), ['a/1', 'a/2'], 'pending uploads with a prefix');
      const [orphan] = await collect(present(provider.uploads, 'uploads')({ prefix: 'a/1' }));
      const known = present(orphan, 'the pending upload');
      ensure(known.startedAt instanceof Date, 'startedAt should be a date');
      await (await provider.upload?.('a/1', { token: known.token }))?.abort();
      await two.session.abort();
      equal(await pending(provider), ['ab'], 'pending uploads after two were aborted');
      await writeAll(three);
      await three.session.complete();
      equal(await pending(provider), [], 'pending uploads after all ended');
    },
  },
  {
    rule: 'UP-7',
    title: 'lets the last complete of two sessions on one key win',
    needs: NEEDS,
    async run({ provider, bytes, keys }) {
      const one = await begin(provider, 'a', {}, 1);
      const two = await begin(provider, 'a', {}, 100);
      await Promise.all([writeAll(one), writeAll(two)]);
      await two.session.complete();
      equal(await bytes('a'), two.content, 'content of the first to complete');
      await one.session.complete();
      equal(await bytes('a'), one.content, 'content of the last to complete');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'UP-4',
    title: 'tells rules that can be kept',
    needs: NEEDS,
    async run({ provider }) {
      const session = await present(provider.upload, 'upload')('a', { totalBytes: 10 });
      const { part } = session;
      ensure(part.maxBytes >= Math.max(1, part.minBytes), '`maxBytes` should be at least `minBytes`');
      ensure(part.multipleOf >= 1 && part.maxParts >= 1, '`multipleOf` and `maxParts` should be at least 1');
      ensure(partSize(part) <= part.maxBytes, 'a part of the least size should fit');
      ensure(session.token.length > 0, 'a session should have a token');
      ensure(!JSON.stringify(session).includes(session.token), 'a session that is printed should not show its token');
      await session.abort();
    },
  },
];
