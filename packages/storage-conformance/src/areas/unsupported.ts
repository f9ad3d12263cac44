import {
  type Capabilities,
  type PresignOption,
  type PresignOptions,
  type StorageProvider,
  toBody,
  type UploadOptions,
  unsupported,
} from '@granary/storage-core/provider';
import { pending } from '../begun-upload.ts';
import { equal, failsWith, present, rejection } from '../check.ts';
import { collect, watchedSource } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

/** Options that need a capability, each in a call that should be refused where it is not declared. */
const OPTION_CALLS: readonly {
  readonly capability: keyof Capabilities & string;
  readonly what: string;
  readonly call: (provider: StorageProvider, etag: string) => unknown;
}[] = [
  {
    capability: 'rangeReads',
    what: 'a range',
    call: (it) => it.get('a', { range: { offset: 0, length: 1 } }),
  },
  {
    capability: 'readConditions',
    what: 'ifMatch of get',
    call: (it, etag) => it.get('a', { ifMatch: etag }),
  },
  {
    capability: 'readConditions',
    what: 'ifNoneMatch of get',
    call: (it, etag) => it.get('a', { ifNoneMatch: etag }),
  },
  { capability: 'versions', what: 'version of get', call: (it) => it.get('a', { version: '1' }) },
  { capability: 'versions', what: 'version of stat', call: (it) => it.stat('a', { version: '1' }) },
  {
    capability: 'deleteVersion',
    what: 'version of delete',
    call: (it) => it.delete('a', { version: '1' }),
  },
  {
    capability: 'createIfAbsent',
    what: 'ifNoneMatch of put',
    call: (it) => it.put('new', toBody('x'), { ifNoneMatch: '*' }),
  },
  {
    capability: 'replaceIfMatch',
    what: 'ifMatch of put',
    call: (it, etag) => it.put('a', toBody('x'), { ifMatch: etag }),
  },
  {
    capability: 'deleteIfMatch',
    what: 'ifMatch of delete',
    call: (it, etag) => it.delete('a', { ifMatch: etag }),
  },
  {
    capability: 'checksum',
    what: 'checksum of put',
    call: (it) => it.put('new', toBody('x'), { checksum: 'sha256' }),
  },
  {
    capability: 'writeIds',
    what: 'writeId of put',
    call: (it) => it.put('new', toBody('x'), { writeId: 'w1' }),
  },
  {
    capability: 'objectTags',
    what: 'objectTags of put',
    call: (it) => it.put('new', toBody('x'), { objectTags: { a: '1' } }),
  },
  {
    capability: 'nativeOptions',
    what: 'native of put',
    call: (it) => it.put('new', toBody('x'), { native: { StorageClass: 'COLD' } }),
  },
  {
    capability: 'encrypt',
    what: 'encrypt of put',
    call: (it) => it.put('new', toBody('x'), { encrypt: true }),
  },
  {
    capability: 'compress',
    what: 'compress of put',
    call: (it) => it.put('new', toBody('x'), { compress: true }),
  },
  {
    capability: 'attributes',
    what: 'metadata of put',
    call: (it) => it.put('new', toBody('x'), { metadata: { a: 1 } }),
  },
  {
    capability: 'attributes',
    what: 'tags of put',
    call: (it) => it.put('new', toBody('x'), { tags: ['a'] }),
  },
  {
    capability: 'attributes',
    what: 'expiresAt of put',
    call: (it) => it.put('new', toBody('x'), { expiresAt: new Date(4e12) }),
  },
  {
    capability: 'attributes',
    what: 'cacheControl of put',
    call: (it) => it.put('new', toBody('x'), { cacheControl: 'no-store' }),
  },
  {
    capability: 'attributes',
    what: 'a content type that the name does not imply',
    call: (it) => it.put('new.txt', toBody('x'), { contentType: 'image/png' }),
  },
  {
    capability: 'listAttributes',
    what: 'include of list',
    call: (it) => collect(it.list({ include: ['attributes'] })),
  },
  {
    capability: 'delimiter',
    what: 'a delimiter',
    call: (it) => collect(it.list({ delimiter: '/' })),
  },
];

/** The same for options of `upload`, where there are uploads at all. */
const UPLOAD_OPTIONS: readonly [capability: keyof Capabilities & string, options: UploadOptions][] =
  [
    ['uploadChecksum', { checksum: 'sha256' }],
    ['writeIds', { writeId: 'w1' }],
    ['objectTags', { objectTags: { a: '1' } }],
    ['nativeOptions', { native: { StorageClass: 'COLD' } }],
    ['encrypt', { encrypt: true }],
    ['compress', { compress: true }],
  ];

/** A call of `presign` with each of its options. */
const PRESIGN_CALLS: readonly [option: PresignOption, options: PresignOptions][] = [
  ['contentType', { method: 'PUT', contentType: 'text/plain' }],
  ['contentLength', { method: 'PUT', contentLength: 1 }],
  ['checksum', { method: 'PUT', checksum: 'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=' }],
  ['ifNoneMatch', { method: 'PUT', ifNoneMatch: '*' }],
  ['responseDisposition', { responseDisposition: 'attachment' }],
  ['responseContentType', { responseContentType: 'text/plain' }],
];

function refuse(): never {
  throw unsupported(undefined, 'upload');
}

/** Where a capability is not declared, asking for it fails with `unsupported` and changes nothing. */
export const unsupportedScenarios: readonly Scenario[] = [
  ...OPTION_CALLS.map(
    ({ capability, what, call }): Scenario => ({
      rule: capability === 'attributes' ? 'META-7' : 'OPEN-6',
      title: `refuses ${what} where \`${capability}\` is not declared`,
      needs: [`!${capability}`],
      async run({ provider, put, text, keys, outside }) {
        const { etag } = await put('a', 'before');
        const requests = outside.requests?.();
        await failsWith('unsupported', () => call(provider, etag), what);
        equal(outside.requests?.(), requests, 'requests sent for what is not supported');
        equal(await text('a'), 'before', 'the object');
        equal(await keys(), ['a'], 'the keys');
      },
    }),
  ),
  ...UPLOAD_OPTIONS.map(
    ([capability, options]): Scenario => ({
      rule: 'OPEN-6',
      title: `refuses ${Object.keys(options)} of upload where \`${capability}\` is not declared`,
      needs: ['upload', `!${capability}`],
      async run({ provider, outside }) {
        const requests = outside.requests?.();
        const what = `upload with ${Object.keys(options)}`;
        await failsWith('unsupported', () => provider.upload?.('new', options), what);
        equal(outside.requests?.(), requests, 'requests sent for what is not supported');
        equal(await pending(provider), [], 'pending uploads');
      },
    }),
  ),
  {
    rule: 'OPEN-6',
    title: 'refuses a native option that it does not name',
    needs: ['nativeOptions'],
    async run({ provider, keys, outside }) {
      const requests = outside.requests?.();
      const native = { 'no such field': 1 };
      await failsWith('unsupported', () => provider.put('a', toBody('x'), { native }), 'put');
      await failsWith(
        'unsupported',
        async () => provider.upload?.('a', { native }) ?? refuse(),
        'upload',
      );
      equal(outside.requests?.(), requests, 'requests sent for what is not supported');
      equal(await keys(), [], 'the keys');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses options of presign that it does not name',
    needs: ['presign'],
    async run({ provider, capabilities }) {
      const presign = present(provider.presign, 'presign');
      for (const [name, options] of PRESIGN_CALLS) {
        if (capabilities.presignOptions?.includes(name)) continue;
        await failsWith('unsupported', () => presign('a', options), `presign with ${name}`);
      }
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses any delimiter but a slash where `delimiter` is `slash`',
    needs: ['delimiter=slash'],
    async run({ keys }) {
      await failsWith('unsupported', keys({ delimiter: '-' }), 'list with another delimiter');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'refuses startAfter where listings have no order',
    needs: ['!listOrder'],
    async run({ keys }) {
      await failsWith('unsupported', keys({ startAfter: 'a' }), 'list with startAfter');
    },
  },
  {
    rule: 'OPEN-6',
    title: 'reads nothing of a body that it refuses',
    async run({ provider, capabilities }) {
      const source = watchedSource([new Uint8Array(8)]);
      const options = capabilities.encrypt
        ? { metadata: { bad: '\ud800' }, contentType: 'no type' }
        : { encrypt: true };
      await rejection(() => provider.put('a', toBody(source.stream), options), 'a refused put');
      equal(source.pulled(), 0, 'chunks read of a refused body');
    },
  },
  {
    rule: 'OPEN-5',
    title: 'fails with unsupported in the engine where an operation is not declared',
    async run({ capabilities, storage, put }) {
      await put('a');
      const engine = storage();
      const calls: Readonly<Partial<Record<keyof Capabilities, () => unknown>>> = {
        setMetadata: () => engine.setMetadata('a', { cacheControl: 'no-store' }),
        upload: () => engine.upload('a'),
        uploads: () => engine.uploads(),
        objectTags: () => engine.objectTags.get('a'),
        presign: () => engine.presign('a'),
        publicUrl: () => engine.publicUrl('a'),
        versions: () => engine.versions.list('a'),
        watch: () => engine.watch(),
        changes: () => collect(engine.changes()),
        usage: () => engine.usage(),
      };
      for (const [name, call] of Object.entries(calls)) {
        if (isDeclared(capabilities, name as keyof Capabilities)) continue;
        await failsWith('unsupported', async () => await call(), `\`${name}\` of the engine`);
      }
    },
  },
];
