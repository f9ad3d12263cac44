import { type Command, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { openInput } from '../files/open-input.ts';
import { flag, list, text } from '../options.ts';
import { formatBytes } from '../output/format.ts';
import { infoRecord } from '../output/info-record.ts';
import { printable } from '../output/printable.ts';
import { trackProgress } from '../output/progress.ts';
import { refuseDevice } from '../places/look-up.ts';
import { parseMetadata } from '../values/metadata.ts';
import { parseFuture } from '../values/moment.ts';

export const put: Command = defineCommand({
  name: 'put',
  group: 'Copy and change',
  summary: 'Store a file or the input as an object',
  details:
    'With the content type, metadata and tags that are given. What the object had before is replaced.',
  arguments: [
    { name: 'source', description: 'a file, or - for the input', completes: 'file' },
    { name: 'target', description: 'the object to store' },
  ],
  options: {
    type: text('type', 'content type (default: what the name says)'),
    meta: list('name=value', 'metadata; name:=JSON for anything but text', { short: 'm' }),
    tag: list('tag', 'give it this tag', { short: 't' }),
    expires: text('time', 'counts as absent from then on: 30d or 2027-01-01'),
    cacheControl: text('value', 'Cache-Control header'),
    encoding: text('value', 'Content-Encoding header'),
    language: text('value', 'Content-Language header'),
    disposition: text('value', 'Content-Disposition header'),
    ifAbsent: flag('only if there is no such object yet'),
    ifMatch: text('etag', 'only over the object with this etag'),
    checksum: flag('keep a SHA-256 with it, for granary verify'),
    encrypt: flag('keep it encrypted, in a store that encrypts what asks for it'),
    compress: flag('keep it compressed, in a store that does so on demand'),
  },
  examples: [
    ['granary put report.pdf s3://bucket/reports/2026.pdf --tag final', 'store a file with a tag'],
    ['pg_dump shop | granary put - backups/shop.sql --expires 30d', 'store what a program writes'],
    ["granary put a.jpg photos/a.jpg -m title=Harbor -m 'iso:=400'", 'with metadata'],
  ],
  async run({ words, options, output, places, readPlace, host, signal }) {
    const [source = '', target = ''] = words;
    const place = await readPlace(target);
    if (place.isFolder) {
      throw usageError(`${place.label} is a folder.`, 'Say what the object is to be called.');
    }
    await refuseDevice(place);
    const { type, meta, tag, expires, ifAbsent, ifMatch, checksum, encrypt, compress } = options;
    const { cacheControl, encoding, language, disposition } = options;
    if (ifAbsent && ifMatch !== undefined) {
      throw usageError('--if-absent and --if-match cannot both hold.', 'Give one of them.');
    }
    const { store, key } = await places.spot(place);
    await using input = await openInput(source, host);
    const progress = trackProgress({ output, verb: 'Storing', now: host.now });
    progress.expect(input.size);
    progress.expectNoMore();
    const row = progress.begin(place.label, input.size);
    try {
      const info = await store.put(key, input.body, {
        signal,
        onProgress: ({ transferredBytes }) => row.update(transferredBytes),
        ...(input.size === undefined ? {} : { size: input.size }),
        ...(type === undefined ? {} : { contentType: type }),
        ...(meta.length === 0 ? {} : { metadata: parseMetadata(meta) }),
        ...(tag.length === 0 ? {} : { tags: tag }),
        ...(expires === undefined ? {} : { expiresAt: parseFuture(expires, host.now()) }),
        ...(cacheControl === undefined ? {} : { cacheControl }),
        ...(encoding === undefined ? {} : { contentEncoding: encoding }),
        ...(language === undefined ? {} : { contentLanguage: language }),
        ...(disposition === undefined ? {} : { contentDisposition: disposition }),
        ...(ifAbsent ? { ifNoneMatch: '*' } : {}),
        ...(ifMatch === undefined ? {} : { ifMatch }),
        ...(checksum ? { checksum } : {}),
        ...(encrypt ? { encrypt } : {}),
        ...(compress ? { compress } : {}),
      });
      progress.end();
      const line = `${printable(place.label)} ${output.paint('dim', `(${formatBytes(info.size)})`)}`;
      await output.result(
        { type: 'object', ...infoRecord(info) },
        ...(output.isQuiet ? [] : [line]),
      );
      return EXIT.ok;
    } finally {
      progress.end();
    }
  },
});
