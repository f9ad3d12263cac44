import { begin, pending, writeAll } from '../begun-upload.ts';
import { ensure, equal, failsWith, present, rejection } from '../check.ts';
import { collect, noise } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['upload'] as const;

export const uploadTokenScenarios: readonly Scenario[] = [
  {
    rule: 'UP-5',
    title: 'opens the session again by its token, with parts and attributes',
    needs: NEEDS,
    async run({ provider, bytes, capabilities }) {
      const attributes = isDeclared(capabilities, 'attributes')
        ? { attributes: { metadata: { n: 1 } } }
        : {};
      const upload = await begin(provider, 'a', attributes);
      const [first, second, last] = upload.parts;
      await upload.session.write(0, first);
      const again = await present(provider.upload, 'upload')('a', { token: upload.session.token });
      equal(
        (await again.status()).held,
        [{ offset: 0, length: first.byteLength }],
        'held by the session that was opened again',
      );
      await again.write(first.byteLength, second);
      await again.write(first.byteLength * 2, last);
      await again.complete();
      equal(await bytes('a'), upload.content, 'the content');
      if ('attributes' in attributes)
        equal((await provider.stat('a', {})).metadata, { n: 1 }, 'metadata');
    },
  },
  {
    rule: 'UP-5',
    title: 'opens the session again in another provider',
    needs: ['upload', 'reopen'],
    async run({ provider, bytes, reopen }) {
      const upload = await begin(provider, 'a');
      const [first, second, last] = upload.parts;
      await upload.session.write(0, first);
      const token = (
        JSON.parse(JSON.stringify({ token: upload.session.token })) as { token: string }
      ).token;
      const other = await reopen();
      const again = await present(other.upload, 'upload')('a', { token });
      equal(
        (await again.status()).held,
        [{ offset: 0, length: first.byteLength }],
        'held by the session in the other provider',
      );
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
      await upload.session.write(0, upload.parts[0]);
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
      const ended = async (action: () => unknown, what: string) => {
        const { restart, retryable } = await failsWith('conflict', action, what);
        equal({ restart, retryable }, { restart: true, retryable: false }, `what ${what} says`);
      };
      await ended(() => upload.session.complete(), 'complete after abort');
      await ended(() => upload.session.write(0, upload.parts[0]), 'write after abort');
      await rejection(() => upload.session.status(), 'status after abort');
      await rejection(
        () => provider.upload?.('a', { token: upload.session.token }),
        'opening an aborted session',
      );
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
      await rejection(
        () => upload.session.write(0, noise(upload.parts[0].byteLength, 77)),
        'write after complete',
      );
      await upload.session.abort();
      equal(await bytes('a'), upload.content, 'the object after a late abort');
    },
  },
  {
    rule: 'UP-6',
    title: 'lists sessions that were begun and not ended',
    needs: ['upload', 'uploads'],
    async run({ provider }) {
      equal(await pending(provider), [], 'pending uploads of an empty store');
      const one = await begin(provider, 'a/1');
      await one.session.write(0, one.parts[0]);
      const two = await begin(provider, 'a/2');
      const three = await begin(provider, 'ab');
      equal((await pending(provider)).toSorted(), ['a/1', 'a/2', 'ab'], 'pending uploads');
      equal(
        (await pending(provider, 'a/')).toSorted(),
        ['a/1', 'a/2'],
        'pending uploads with a prefix',
      );
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
];
