import { describe, expect, test } from 'vitest';
import { refused, type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { readTags, writeTags } from './s3-tags.ts';

function storeOf(script: Script) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client }), sent };
}

const page = { headers: { 'content-type': 'text/html' }, body: '<html></html>' };

describe('tags of objects', () => {
  test('are read, none of an empty answer', async () => {
    const body =
      '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key></Tag></TagSet></Tagging>';
    expect(await readTags(storeOf([{ body }]).store, 'a', {})).toEqual({ a: '1', b: '' });
    expect(await readTags(storeOf([{}]).store, 'a', {})).toEqual({});
  });

  test('are replaced, and removed by none', async () => {
    const { store, sent } = storeOf([{}, { status: 204 }]);
    await writeTags(store, 'a', { k: 'v' }, {});
    await writeTags(store, 'a', {}, {});
    expect(sent.map(({ method }) => method)).toEqual(['PUT', 'DELETE']);
    expect(String(sent[0]?.body)).toContain('<Key>k</Key><Value>v</Value>');
  });

  test('are those of S3 alone', async () => {
    await expect(readTags(storeOf([page]).store, 'a', {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(writeTags(storeOf([page]).store, 'a', {}, {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(writeTags(storeOf([page]).store, 'a', { k: 'v' }, {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(
      readTags(storeOf([refused(404, 'NoSuchKey')]).store, 'a', {}),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
