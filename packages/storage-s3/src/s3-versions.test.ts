import type { ObjectInfo } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { listVersions } from './s3-versions.ts';

const page = (inner: string) => ({ body: `<ListVersionsResult>${inner}</ListVersionsResult>` });
const version = (key: string, id: string) =>
  `<Version><Key>${key}</Key><VersionId>${id}</VersionId><ETag>"e"</ETag><Size>1</Size><LastModified>2026-11-21T09:00:00.5Z</LastModified></Version>`;
const marker = (key: string, id = '') =>
  `<IsTruncated>true</IsTruncated><NextKeyMarker>${key}</NextKeyMarker>${id && `<NextVersionIdMarker>${id}</NextVersionIdMarker>`}`;

async function versionsOf(script: Script) {
  const { client, sent } = wire(script);
  const found: ObjectInfo[] = [];
  for await (const infos of listVersions(s3Store({ bucket: 'b', client }), 'a b', {}))
    found.push(...infos);
  return { found, sent };
}

describe('listVersions', () => {
  test('lists versions of this key alone, and stops behind it', async () => {
    const { found, sent } = await versionsOf([
      page(marker('a+b', 'v2') + version('a+b', 'v3') + version('a+b', 'v2')),
      page(
        `${marker('a+b+c')}${version('a+b', 'v1')}<DeleteMarker><Key>a+b+c</Key></DeleteMarker>`,
      ),
    ]);
    expect(found.map((info) => info.version)).toEqual(['v3', 'v2', 'v1']);
    expect(found[0]).toEqual({
      key: 'a b',
      size: 1,
      etag: 'e',
      modifiedAt: new Date('2026-11-21T09:00:00Z'),
      version: 'v3',
    });
    expect(sent[1]?.query).toMatchObject({
      prefix: 'a b',
      'key-marker': 'a b',
      'version-id-marker': 'v2',
    });
  });

  test('goes on over pages of delete markers', async () => {
    const { found } = await versionsOf([
      page(`${marker('a+b')}<DeleteMarker><Key>a+b</Key></DeleteMarker>`),
      page(`<IsTruncated>false</IsTruncated>${version('a+b', 'v1')}`),
    ]);
    expect(found.length).toBe(1);
  });

  test('fails on what is no list of versions', async () => {
    await expect(versionsOf([{ body: '<html></html>' }])).rejects.toMatchObject({
      code: 'unavailable',
    });
    const broken = page(
      '<IsTruncated>false</IsTruncated><Version><Key>a+b</Key></Version><Version/>',
    );
    await expect(versionsOf([broken])).rejects.toMatchObject({ code: 'unavailable' });
  });
});
