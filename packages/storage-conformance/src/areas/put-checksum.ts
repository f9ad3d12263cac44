import { type Body, isStorageError, sha256, toBody } from '@granary/storage-core/provider';
import { equal } from '../check.ts';
import { encode } from '../content.ts';
import type { Scenario } from '../scenario.ts';
import { streamOf } from '../sources.ts';

export const putChecksumScenarios: readonly Scenario[] = [
  {
    rule: 'PUT-10',
    title: 'keeps the SHA-256 of the content when it is asked to',
    needs: ['checksum'],
    async run({ provider }) {
      const empty = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
      const abc = 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=';
      const contents: readonly (readonly [string, string])[] = [
        ['', empty],
        ['abc', abc],
      ];
      for (const [content, checksum] of contents) {
        const info = await provider.put('a', toBody(content), { checksum: 'sha256' });
        equal(
          info.checksums?.['sha256'],
          checksum,
          `checksum of ${JSON.stringify(content)} that put tells`,
        );
        equal(
          (await provider.stat('a', {})).checksums?.['sha256'],
          checksum,
          'checksum that stat tells',
        );
      }
      const streamed = await provider.put(
        'b',
        toBody(streamOf([encode('a'), encode('bc')]), { size: 3 }),
        { checksum: 'sha256' },
      );
      equal(streamed.checksums?.['sha256'], abc, 'checksum of a stream');
    },
  },
  {
    rule: 'PUT-10',
    title: 'keeps the SHA-256 of what it stores where each reading gives other bytes',
    needs: ['checksum'],
    async run({ provider, bytes }) {
      let readings = 0;
      const reading = () => {
        readings += 1;
        return Uint8Array.from({ length: 3000 }, (_, at) => at * readings);
      };
      const body: Body = {
        ...{ size: 3000, replayable: true, varies: true },
        bytes: async () => reading(),
        stream: () => streamOf([reading()]),
        cancel: async () => {},
      };
      const put = provider.put('a', body, { checksum: 'sha256' });
      const refused = await put.catch((error: unknown) => error);
      if (isStorageError(refused, 'unsupported')) return;
      const { checksums } = await put;
      const stored = await sha256(await bytes('a'));
      equal(checksums?.['sha256'], stored, 'checksum that put tells');
      const { checksums: kept } = await provider.stat('a', {});
      equal(kept?.['sha256'], stored, 'checksum that stat tells');
    },
  },
];
