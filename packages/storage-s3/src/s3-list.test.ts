import type { ListOptions, ListPage } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { listObjects } from './s3-list.ts';

function storeOf(script: Script) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client }), sent };
}

const listing = (inner: string, truncated = false) => ({
  body: `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${inner}</ListBucketResult>`,
});
const item = (key: string) =>
  `<Contents><Key>${key}</Key><Size>1</Size><ETag>"e"</ETag><LastModified>2026-11-21T09:00:00.123Z</LastModified></Contents>`;
const group = (key: string) => `<CommonPrefixes><Prefix>${key}</Prefix></CommonPrefixes>`;
const more = (token: string) => `<NextContinuationToken>${token}</NextContinuationToken>`;

async function pagesOf(script: Script, options: ListOptions = {}) {
  const { store, sent } = storeOf(script);
  const pages: ListPage[] = [];
  for await (const page of listObjects(store, options)) pages.push(page);
  return { pages, sent };
}

const keysOf = (pages: readonly ListPage[]) =>
  pages.flatMap(({ entries }) => entries.map(({ key }) => key));

describe('listObjects', () => {
  test('walks pages by the token of the service, decoding keys', async () => {
    const { pages, sent } = await pagesOf(
      [
        listing(item('a%20b') + more('t1'), true),
        listing(more('t2'), true),
        listing(item('c%2Bd')),
      ],
      { prefix: 'x' },
    );
    expect(keysOf(pages)).toEqual(['a b', 'c+d']);
    expect(pages[0]?.entries[0]).toEqual({
      kind: 'item',
      key: 'a b',
      size: 1,
      etag: 'e',
      modifiedAt: new Date('2026-11-21T09:00:00Z'),
    });
    expect(sent.map(({ query }) => query['continuation-token'])).toEqual([undefined, 't1', 't2']);
    expect(sent[0]?.query).toMatchObject({
      prefix: 'x',
      'encoding-type': 'url',
      'max-keys': '1000',
    });
    expect(pages.at(-1)?.cursor).toBeUndefined();
  });

  test('leaves out what is no key, such as the mark of a folder', async () => {
    const names = ['photos/', 'a//b', '../x', '/a', 'photos/1'];
    const { pages } = await pagesOf([listing(names.map(item).join(''))]);
    expect(keysOf(pages)).toEqual(['photos/1']);
  });

  test('asks for no more than are wanted, and goes on from the cursor', async () => {
    const first = await pagesOf([listing(item('a') + more('t1'), true)], { limit: 1 });
    expect(first.sent[0]?.query['max-keys']).toBe('1');
    const cursor = first.pages[0]?.cursor ?? '';
    const { sent } = await pagesOf([listing(item('b'))], { cursor });
    expect(sent[0]?.query['continuation-token']).toBe('t1');
    await expect(pagesOf([], { cursor, prefix: 'other' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    const { encodeCursor } = await import('@granary/storage-core/provider');
    await expect(pagesOf([], { cursor: encodeCursor({}, 1) })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('puts groups and objects into one order', async () => {
    const { pages } = await pagesOf([listing(item('c') + group('b/') + group('d/'))], {
      delimiter: '/',
    });
    expect(keysOf(pages)).toEqual(['b/', 'c', 'd/']);
  });

  test('shows the group that a walk begins in when it has a key behind', async () => {
    const options = { delimiter: '/', startAfter: 'b/1' };
    const { pages, sent } = await pagesOf([listing(item('b/2')), listing(item('c'))], options);
    expect(keysOf(pages)).toEqual(['b/', 'c']);
    expect(sent[0]?.query).toMatchObject({ prefix: 'b/', 'start-after': 'b/1', 'max-keys': '1' });
    expect(String(sent[1]?.query['start-after'])).toMatch(/^b\/\u{10ffff}+$/u);
    const none = await pagesOf([listing(''), listing(item('c'))], options);
    expect(keysOf(none.pages)).toEqual(['c']);
    const one = await pagesOf([listing(item('b/2'))], { ...options, limit: 1 });
    expect(keysOf(one.pages)).toEqual(['b/']);
    const rest = await pagesOf([listing(item('c'))], {
      ...options,
      cursor: one.pages[0]?.cursor ?? '',
    });
    expect(String(rest.sent[0]?.query['start-after'])).toMatch(/^b\/\u{10ffff}+$/u);
    const before = await pagesOf([listing(item('c'))], { delimiter: '/', startAfter: 'b' });
    expect(before.sent.length).toBe(1);
  });

  test('fails on what is no listing, or breaks off', async () => {
    for (const body of ['<html></html>', '<x/>', '']) {
      await expect(pagesOf([{ body }])).rejects.toMatchObject({ code: 'unavailable' });
    }
    await expect(pagesOf([listing(item('a'), true)])).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(pagesOf([listing('<Contents><Size>1</Size></Contents>')])).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(pagesOf([listing('<CommonPrefixes><x/></CommonPrefixes>')])).rejects.toMatchObject(
      { code: 'unavailable' },
    );
    await expect(
      pagesOf([{ body: '<x/>' }], { delimiter: '/', startAfter: 'b/1' }),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('leaves out of an entry what the service does not tell', async () => {
    const { pages } = await pagesOf([listing('<Contents><Key>a</Key></Contents>')]);
    expect(keysOf(pages)).toEqual(['a']);
  });
});
