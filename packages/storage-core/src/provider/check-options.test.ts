import { describe, expect, test } from 'vitest';
import { drain } from '../../test/drain.ts';
import { filled, NONE } from '../../test/guarded-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { OPTIONAL_OPERATIONS } from './optional-operations.ts';

describe('what is asked for', () => {
  const attempts: [string, string, (provider: StorageProvider) => unknown][] = [
    ['a bad key', 'invalid-key', (p) => p.get('../x', {})],
    ['a bad key of a copy', 'invalid-key', (p) => p.copy?.('a', 'a//b', {})],
    ['a bad key of a listing of versions', 'invalid-key', (p) => drain(p.versions?.list('', {}))],
    ['a bad range', 'invalid-argument', (p) => p.get('a', { range: { offset: -1 } })],
    ['an empty etag', 'invalid-argument', (p) => p.get('a', { ifMatch: '' })],
    ['an empty etag to avoid', 'invalid-argument', (p) => p.get('a', { ifNoneMatch: '' })],
    ['an empty version', 'invalid-argument', (p) => p.stat('a', { version: '' })],
    [
      'two conditions',
      'invalid-argument',
      (p) => p.put('a', toBody('x'), { ifMatch: 'e', ifNoneMatch: '*' }),
    ],
    [
      'another ifNoneMatch',
      'invalid-argument',
      (p) => p.put('a', toBody('x'), { ifNoneMatch: 'e' as '*' }),
    ],
    ['another checksum', 'unsupported', (p) => p.put('a', toBody('x'), { checksum: 'sha256' })],
    ['bad metadata', 'invalid-argument', (p) => p.put('a', toBody('x'), { metadata: { '': 1 } })],
    [
      'bad metadata of a copy',
      'invalid-argument',
      (p) => p.copy?.('a', 'b', { attributes: { tags: [''] } }),
    ],
    [
      'bad attributes of a session',
      'invalid-argument',
      (p) => p.upload?.('a', { attributes: { tags: [''] } }),
    ],
    [
      'a tag without a name',
      'invalid-argument',
      (p) => p.put('a', toBody('x'), { objectTags: { '': 'x' } }),
    ],
    [
      'a tag that is no text',
      'invalid-argument',
      (p) => p.objectTags?.set('a', { a: 1 as never }, {}),
    ],
    [
      'another native option',
      'unsupported',
      (p) => p.put('a', toBody('x'), { native: { Storage: 'COLD' } }),
    ],
    ['a bad total', 'invalid-argument', (p) => p.upload?.('a', { totalBytes: -1 })],
    ['an empty token', 'invalid-argument', (p) => p.upload?.('a', { token: '' })],
    ['a bad patch', 'invalid-argument', (p) => p.setMetadata?.('a', { contentType: 'x' }, {})],
    ['a limit of 0', 'invalid-argument', (p) => drain(p.list({ limit: 0 }))],
    ['half an entry', 'invalid-argument', (p) => drain(p.list({ limit: 1.5 }))],
    ['an empty delimiter', 'invalid-argument', (p) => drain(p.list({ delimiter: '' }))],
    ['a prefix that is no text', 'invalid-argument', (p) => drain(p.list({ prefix: 1 as never }))],
    [
      'a start that is no text',
      'invalid-argument',
      (p) => drain(p.list({ startAfter: 1 as never })),
    ],
    ['an empty cursor', 'invalid-argument', (p) => drain(p.list({ cursor: '' }))],
    [
      'a cursor of no prefix',
      'invalid-argument',
      (p) => drain(p.list({ prefix: '/', cursor: 'x' })),
    ],
    [
      'something else included',
      'invalid-argument',
      (p) => drain(p.list({ include: ['body' as never] })),
    ],
    ['no time to sign for', 'invalid-argument', (p) => p.presign?.('a', { expiresInMs: 0 })],
    ['half a millisecond', 'invalid-argument', (p) => p.presign?.('a', { expiresInMs: 1.5 })],
    ['another method', 'invalid-argument', (p) => p.presign?.('a', { method: 'POST' as 'PUT' })],
    ['a GET of a length', 'invalid-argument', (p) => p.presign?.('a', { contentLength: 1 })],
    [
      'a PUT with an answer',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', responseContentType: 'a/b' }),
    ],
    [
      'a bad length',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', contentLength: -1 }),
    ],
    [
      'another condition to sign',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', ifNoneMatch: 'e' as '*' }),
    ],
    [
      'a bad type to sign',
      'invalid-argument',
      (p) => p.presign?.('a', { method: 'PUT', contentType: 'x' }),
    ],
    [
      'a bad type to answer',
      'invalid-argument',
      (p) => p.presign?.('a', { responseContentType: 'x' }),
    ],
    [
      'a line break to answer',
      'invalid-argument',
      (p) => p.presign?.('a', { responseDisposition: 'a\nb' }),
    ],
    ['an empty cursor of changes', 'invalid-argument', (p) => drain(p.changes?.({ cursor: '' }))],
    [
      'a prefix to watch that is no text',
      'invalid-argument',
      (p) => p.watch?.({ prefix: 1 as never }),
    ],
  ];

  test.each(attempts)('fails for %s with %s before any I/O', async (_title, code, attempt) => {
    const { tiny, provider } = await filled();
    await expect((async () => attempt(provider))()).rejects.toMatchObject({
      code,
      provider: 'tiny',
      operation: expect.any(String),
    });
    expect(tiny.calls).toEqual([]);
  });

  const undeclared: [string, (provider: StorageProvider) => unknown][] = [
    ['range', (p) => p.get('a', { range: { offset: 0 } })],
    ['ifMatch', (p) => p.get('a', { ifMatch: 'e' })],
    ['ifNoneMatch', (p) => p.get('a', { ifNoneMatch: 'e' })],
    ['version', (p) => p.get('a', { version: 'v' })],
    ['version', (p) => p.stat('a', { version: 'v' })],
    ['ifMatch', (p) => p.put('a', toBody('x'), { ifMatch: 'e' })],
    ['ifNoneMatch', (p) => p.put('a', toBody('x'), { ifNoneMatch: '*' })],
    ['checksum', (p) => p.put('a', toBody('x'), { checksum: 'sha256' })],
    ['writeId', (p) => p.put('a', toBody('x'), { writeId: 'w' })],
    ['encrypt', (p) => p.put('a', toBody('x'), { encrypt: true })],
    ['compress', (p) => p.put('a', toBody('x'), { compress: true })],
    ['metadata', (p) => p.put('a', toBody('x'), { metadata: { a: 1 } })],
    ['contentType', (p) => p.put('a.png', toBody('x'), { contentType: 'image/gif' })],
    ['expiresAt', (p) => p.copy?.('a', 'b', { attributes: { expiresAt: new Date() } })],
    ['objectTags', (p) => p.put('a', toBody('x'), { objectTags: { a: '1' } })],
    ['native', (p) => p.put('a', toBody('x'), { native: { StorageClass: 'COLD' } })],
    ['objectTags', (p) => p.upload?.('a', { objectTags: { a: '1' } })],
    ['contentLength', (p) => p.presign?.('a', { method: 'PUT', contentLength: 1 })],
    ['tags', (p) => p.upload?.('a', { attributes: { tags: ['x'] } })],
    ['writeId', (p) => p.upload?.('a', { writeId: 'w' })],
    ['checksum', (p) => p.upload?.('a', { checksum: 'sha256' })],
    ['encrypt', (p) => p.upload?.('a', { encrypt: true })],
    ['compress', (p) => p.upload?.('a', { compress: true })],
    ['ifMatch', (p) => p.delete('a', { ifMatch: 'e' })],
    ['version', (p) => p.delete('a', { version: 'v' })],
    ['sourceIfMatch', (p) => p.copy?.('a', 'b', { sourceIfMatch: 'e' })],
    ['ifNoneMatch', (p) => p.move?.('a', 'b', { ifNoneMatch: '*' })],
    ['ifMatch', (p) => p.setMetadata?.('a', {}, { ifMatch: 'e' })],
    ['delimiter', (p) => drain(p.list({ delimiter: '/' }))],
    ['startAfter', (p) => drain(p.list({ startAfter: 'a' }))],
    ['include', (p) => drain(p.list({ include: ['attributes'] }))],
    ['atomic', (p) => p.deleteMany?.(['a'], { atomic: true })],
    ['ifMatch', async (p) => (await p.upload?.('a', {}))?.complete({ ifMatch: 'e' })],
    ['checksum', async (p) => (await p.upload?.('a', {}))?.complete({ checksum: 'sha256-' })],
  ];

  test.each(undeclared)(
    'fails with unsupported for %s where it is not declared',
    async (option, attempt) => {
      const { provider } = await filled({
        without: NONE,
        capabilities: Object.fromEntries(
          OPTIONAL_OPERATIONS.map((name) => [name, name !== 'versions' && name !== 'objectTags']),
        ),
      });
      await expect((async () => attempt(provider))()).rejects.toMatchObject({
        code: 'unsupported',
        provider: 'tiny',
        message: expect.stringContaining(option),
      });
    },
  );

  test('takes options that change nothing where nothing is declared', async () => {
    const { provider } = await filled({ without: NONE });
    const options = {
      encrypt: false,
      compress: false,
      metadata: {},
      tags: [],
      contentType: 'image/png',
    };
    await provider.put('a.png', toBody('x'), options);
    expect(await drain(provider.list({ include: [] }))).toHaveLength(1);
  });

  test('takes only a slash as delimiter where that is declared', async () => {
    const { provider } = await filled({ capabilities: { delimiter: 'slash' } });
    await drain(provider.list({ delimiter: '/' }));
    await expect(drain(provider.list({ delimiter: '-' }))).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('takes a checksum that it knows', async () => {
    const { provider } = await filled({ capabilities: { checksum: true } });
    await provider.put('a', toBody('x'), { checksum: 'sha256' });
    await expect(provider.put('a', toBody('x'), { checksum: 'md5' as 'sha256' })).rejects.toThrow(
      '"md5"',
    );
  });

  test('is measured against the limits when its size is known', async () => {
    const { tiny, provider } = await filled({
      capabilities: { maxPutBytes: 4, maxObjectBytes: 8, maxKeyBytes: 3 },
    });
    await expect(provider.put('a', toBody('12345'), {})).rejects.toMatchObject({
      code: 'too-large',
      outcome: 'not-applied',
    });
    await expect(provider.upload?.('a', { totalBytes: 9 })).rejects.toMatchObject({
      code: 'too-large',
    });
    await expect(provider.stat('abcd', {})).rejects.toMatchObject({ code: 'invalid-key' });
    expect(tiny.calls).toEqual([]);
    await provider.put('a', toBody('1234'), {});
  });

  test('is measured against the limit of what is in memory where that is larger', async () => {
    const { provider } = await filled({
      capabilities: { maxPutBytes: 4, maxBufferedPutBytes: 6 },
    });
    await provider.put('a', toBody('123456'), {});
    const tooLong = provider.put('a', toBody('1234567'), {});
    await expect(tooLong).rejects.toThrow('7 bytes are more than one put takes here: 6.');
  });

  test('gets the defaults of a presigned request', async () => {
    const { provider } = await filled();
    expect(await provider.presign?.('a', {})).toMatchObject({
      method: 'GET',
      expiresAt: new Date(3_600_000),
    });
    const put = { method: 'PUT', contentType: 'a/b', contentLength: 1, ifNoneMatch: '*' } as const;
    expect(await provider.presign?.('a', put)).toMatchObject({ method: 'PUT' });
    const answer = { responseContentType: 'a/b', responseDisposition: 'inline' };
    expect(await provider.presign?.('a', answer)).toMatchObject({ method: 'GET' });
  });

  test('lists nothing, without I/O, for a prefix that no key starts with', async () => {
    const { tiny, provider } = await filled();
    for (const prefix of ['../', '/', 'a//', 'a/../b', '\0']) {
      expect(await drain(provider.list({ prefix }))).toEqual([]);
    }
    expect(tiny.calls).toEqual([]);
  });
});
