import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { StorageEngine } from '@granary/storage-core';
import { describeFolders, describeKinds } from './documents.ts';
import type { Report } from './report.ts';
import { checksumOfFile, checksumOfStream, readPart, type SourceFile } from './source-folder.ts';

const IN_FLIGHT = 8;
/** Files above this go in as a stream. Units: bytes. */
const STREAM_FROM = 1_048_576;
/** The prefixes that belong to the job, and that a second run starts afresh. */
export const PREFIXES = ['files/', 'documents/', 'copies/', 'moved/'] as const;

const keyOf = (file: SourceFile) => `files/${file.name}`;

/** Stores every file with its checksum, its kind as a tag and where it came from as metadata. */
export async function storeFiles(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  await report.step('store files', files.length, async ({ done, check }) => {
    await inParallel(files, async (file) => {
      const body =
        file.size < STREAM_FROM ? await readFile(file.path) : createReadStream(file.path);
      const info = await storage.put(keyOf(file), body, {
        checksum: true,
        tags: ['file', file.extension === '' ? 'plain' : file.extension],
        metadata: {
          source: file.name,
          bytes: file.size,
          modifiedAt: file.modifiedAt.toISOString(),
        },
      });
      check(`size of ${file.name}`, info.size, file.size);
      done(info.size);
    });
  });
}

/** Stores what was learned of the folder as JSON and YAML documents, and loads each again. */
export async function storeDocuments(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  const folders = describeFolders(files);
  const kinds = describeKinds(files);
  await report.step('store documents', folders.length + kinds.length, async ({ done, check }) => {
    await inParallel(folders, async (folder) => {
      const key = `documents/folders/${folder.id}.json`;
      const { size } = await storage.save(key, folder, {
        tags: ['document', 'folder'],
        metadata: { folder: folder.name, files: folder.files.length },
      });
      check(`value of ${key}`, JSON.stringify(await storage.load(key)), JSON.stringify(folder));
      done(size);
    });
    await inParallel(kinds, async (kind) => {
      const key = `documents/kinds/${kind.id}.yaml`;
      const { size } = await storage.save(key, kind, {
        tags: ['document', 'kind'],
        metadata: { kind: kind.name, bytes: kind.bytes },
      });
      check(`value of ${key}`, JSON.stringify(await storage.load(key)), JSON.stringify(kind));
      done(size);
    });
  });
}

/** Lists everything, in pages and by folder, and holds it against the folder itself. */
export async function listAll(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  await report.step('list', files.length, async ({ done, check }) => {
    const sizes = new Map(files.map((file) => [keyOf(file), file.size]));
    for await (const { key, size } of storage.list('files/')) {
      check(`size of ${key}`, size, sizes.get(key));
      sizes.delete(key);
      done(0);
    }
    check('files that the listing lacks', [...sizes.keys()].join(' '), '');

    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { prefix: 'files/', limit: 100, ...(cursor !== undefined && { cursor }) };
      cursor = undefined;
      for await (const page of storage.list(query).pages()) {
        paged.push(...page.entries.map(({ key }) => key));
        cursor = page.cursor;
      }
    } while (cursor !== undefined);
    check('keys over all pages', new Set(paged).size, files.length);

    const top = new Set(files.map(({ name }) => `files/${name.replace(/\/.*/s, '/')}`));
    const grouped = await storage.list({ prefix: 'files/', delimiter: '/' });
    check(
      'entries at the top',
      grouped
        .map(({ key }) => key)
        .sort()
        .join(' '),
      [...top].sort().join(' '),
    );
  });
}

/** Finds by tag, by metadata and by text what the folder says must be found. */
export async function searchAll(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  const extensions = [...new Set(files.map(({ extension }) => extension))].filter(
    (name) => name !== '',
  );
  await report.step('search', extensions.length + 2, async ({ done, check }) => {
    for (const extension of extensions) {
      const found = await storage.search({ prefix: 'files/', tags: ['file', extension] });
      const expected = files.filter((file) => file.extension === extension).length;
      check(`files tagged ${extension}`, found.length, expected);
      done(0);
    }
    const middle = files.map(({ size }) => size).sort((a, b) => a - b)[files.length >> 1] ?? 0;
    const large = await storage.search({ prefix: 'files/', metadata: { bytes: { gte: middle } } });
    check(
      `files of ${middle} bytes and more`,
      large.length,
      files.filter(({ size }) => size >= middle).length,
    );
    done(0);
    const word = files[0]?.name.split('/').at(-1)?.toLowerCase() ?? '';
    const named = await storage.search({ prefix: 'files/', text: word, textIn: ['key'] });
    const words = word.split(/\s+/).filter((part) => part !== '');
    const expected = files.filter((file) =>
      words.every((part) => `files/${file.name}`.toLowerCase().includes(part)),
    );
    check(`keys with ${word}`, named.length, expected.length);
    done(0);
  });
}

/** Reads the start, the middle and the end of the largest files, and several parts in one call. */
export async function readRanges(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  const largest = [...files]
    .filter(({ size }) => size > 0)
    .sort((a, b) => b.size - a.size)
    .slice(0, 50);
  await report.step('read ranges and streams', largest.length, async ({ done, check }) => {
    for (const file of largest) {
      const length = Math.min(4096, file.size);
      const middle = Math.floor((file.size - length) / 2);
      const parts = [
        { range: { offset: 0, length }, offset: 0 },
        { range: { offset: middle, length }, offset: middle },
        { range: { suffix: length }, offset: file.size - length },
      ];
      for (const { range, offset } of parts) {
        const object = await storage.get(keyOf(file), { range });
        const expected = await readPart(file.path, offset, length);
        check(
          `${length} bytes from ${offset} of ${file.name}`,
          Buffer.compare(await object.bytes(), expected),
          0,
        );
      }
      const together = await storage.getRanges(
        keyOf(file),
        parts.map(({ range }) => range),
      );
      check(
        `three parts of ${file.name}`,
        together.map((part) => part.length).join(),
        [length, length, length].join(),
      );
      const whole = await storage.get(keyOf(file));
      check(
        `stream of ${file.name}`,
        await checksumOfStream(whole.stream()),
        await checksumOfFile(file.path),
      );
      done(file.size + 6 * length);
    }
  });
}

/** Copies some files, moves the copies, and checks that nothing is lost or left behind. */
export async function copyAndMove(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  const some = files.slice(0, 100);
  await report.step('copy and move', some.length, async ({ done, check }) => {
    await inParallel(some, async (file) => {
      const source = await storage.stat(keyOf(file));
      await storage.copy(keyOf(file), `copies/${file.name}`);
      const target = await storage.move(`copies/${file.name}`, `moved/${file.name}`);
      check(`size of moved ${file.name}`, target.size, source.size);
      check(`tags of moved ${file.name}`, target.tags?.join(), source.tags?.join());
      check(`copy of ${file.name} is gone`, await storage.exists(`copies/${file.name}`), false);
      check(`${file.name} is still there`, await storage.exists(keyOf(file)), true);
      done(target.size);
    });
    check('copies left behind', (await storage.list('copies/')).length, 0);
  });
}

/** Reads every object back and holds it against its recorded checksum and against the file itself. */
export async function verifyAll(
  report: Report,
  storage: StorageEngine,
  files: readonly SourceFile[],
): Promise<void> {
  await report.step('reopen and verify', files.length, async ({ done, check }) => {
    await inParallel(files, async (file) => {
      const object = await storage.get(keyOf(file));
      const { checksums, metadata, size } = object.info;
      const actual = await checksumOfStream(object.stream());
      check(`checksum of ${file.name}`, actual, await checksumOfFile(file.path));
      check(`recorded checksum of ${file.name}`, checksums?.['sha256'], actual);
      check(`metadata of ${file.name}`, metadata?.['source'], file.name);
      done(size);
    });
  });
}

/** Copies everything into another storage, object by object, and compares the two. */
export async function copyToSecond(
  report: Report,
  first: StorageEngine,
  second: StorageEngine,
): Promise<void> {
  const keys: string[] = [];
  for (const prefix of PREFIXES) for await (const { key } of first.list(prefix)) keys.push(key);
  await report.step('copy to second provider', keys.length, async ({ done, check }) => {
    await inParallel(keys, async (key) => {
      const object = await first.get(key);
      const { contentType, tags, metadata, size } = object.info;
      await second.put(key, object.stream(), {
        size,
        checksum: true,
        ...(contentType !== undefined && { contentType }),
        ...(tags !== undefined && { tags }),
        ...(metadata !== undefined && { metadata }),
      });
      const copy = await second.get(key);
      const again = await first.get(key);
      check(
        `content of ${key}`,
        await checksumOfStream(copy.stream()),
        await checksumOfStream(again.stream()),
      );
      check(`tags of ${key}`, copy.info.tags?.join(), tags?.join());
      check(`metadata of ${key}`, JSON.stringify(copy.info.metadata), JSON.stringify(metadata));
      done(size);
    });
    const copied: string[] = [];
    for (const prefix of PREFIXES)
      for await (const { key } of second.list(prefix)) copied.push(key);
    check('keys in the second provider', copied.join('\n'), keys.join('\n'));
  });
}

async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const pending = items[Symbol.iterator]();
  const worker = async () => {
    for (const item of pending) await work(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}
