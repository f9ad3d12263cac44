import { sha256 } from '@granary/storage-core/provider';
import { begin, writeAll } from '../begun-upload.ts';
import { equal, failsWith, present } from '../check.ts';
import { noise } from '../content.ts';
import type { Scenario } from '../scenario.ts';

export const uploadChecksumScenarios: readonly Scenario[] = [
  {
    rule: 'UP-8',
    title: 'keeps a checksum that was asked for at the start, also for who opens the session again',
    needs: ['upload', 'uploadChecksum'],
    async run({ provider }) {
      const upload = await begin(provider, 'a', { checksum: 'sha256' });
      await writeAll(upload);
      const { token } = upload.session;
      const again = await present(provider.upload, 'upload')('a', { token });
      const expected = { sha256: await sha256(upload.content) };
      equal((await again.complete()).checksums, expected, 'checksums in the info of complete');
      equal((await provider.stat('a', {})).checksums, expected, 'checksums of stat');
    },
  },
  {
    rule: 'UP-9',
    title: 'stores what has the checksum that complete is given, and keeps it',
    needs: ['upload', 'uploadChecksum'],
    async run({ provider, bytes }) {
      for (const [key, options] of [
        ['asked', { checksum: 'sha256' }],
        ['given', {}],
      ] as const) {
        const upload = await begin(provider, key, options);
        await writeAll(upload);
        const expected = await sha256(upload.content);
        const info = await upload.session.complete({ checksum: expected });
        equal(info.checksums?.['sha256'], expected, 'the checksum in the info');
        equal(await bytes(key), upload.content, 'the content');
      }
      const empty = await present(provider.upload, 'upload')('empty', { totalBytes: 0 });
      const expected = await sha256(new Uint8Array(0));
      const info = await empty.complete({ checksum: expected });
      equal(info.checksums?.['sha256'], expected, 'the checksum of nothing');
    },
  },
  {
    rule: 'UP-9',
    title:
      'stores nothing that has another checksum than complete is given, and goes on afterwards',
    needs: ['upload', 'uploadChecksum'],
    async run({ provider, put, text, bytes }) {
      await put('a', 'old content');
      const upload = await begin(provider, 'a', { checksum: 'sha256' });
      await writeAll(upload);
      const expected = await sha256(upload.content);
      const complete = (checksum: string) => () => upload.session.complete({ checksum });
      const other = complete(await sha256(noise(upload.content.byteLength, 98)));
      const error = await failsWith('corrupted', other, 'complete with another checksum');
      equal(error.outcome, 'not-applied', 'the outcome');
      for (const wrong of [expected.slice(7), expected.toUpperCase(), 'sha256-', ''])
        await failsWith('invalid-argument', complete(wrong), `complete with "${wrong}"`);
      equal(await text('a'), 'old content', 'the object');
      await upload.session.complete({ checksum: expected });
      equal(await bytes('a'), upload.content, 'the content');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses a checksum of complete where `uploadChecksum` is not declared',
    needs: ['upload', '!uploadChecksum'],
    async run({ provider, missing }) {
      const upload = await begin(provider, 'a');
      await writeAll(upload);
      const checksum = await sha256(upload.content);
      await failsWith('unsupported', upload.session.complete({ checksum }), 'complete');
      await missing('a');
      await upload.session.abort();
    },
  },
];
