// Writes one version after the other until it is killed. A journal says what was begun and done.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { defineBackend, type StorageEngine } from '@granary/storage-core/provider';
import type { FsCalls } from '../../src/fs-calls.ts';
import type { FileSystemOptions } from '../../src/fs-options.ts';
import { fileSystemProvider } from '../../src/fs-provider.ts';
import { THIS_SYSTEM } from '../../src/fs-system.ts';
import { contentOf, sizeOf } from './content.ts';
import { attributesOf, type CrashSettings, LARGE, PARTS, type Work } from './crash-work.ts';
import { readSettings, tellParent } from './from-parent.ts';

async function run(settings: CrashSettings): Promise<void> {
  const { journal: journalPath, work, lanes, after, killAtCall, ...options } = settings;
  const create = defineBackend<FileSystemOptions>({
    name: 'fs',
    provider: (given) =>
      fileSystemProvider(given, { ...THIS_SYSTEM, calls: countedCalls(killAtCall) }),
  });
  const storage = create(options);
  const journal = openSync(journalPath, 'a');
  const note = (line: string) => void writeSync(journal, `${line}\n`);
  await tellParent('ready');
  await Promise.all(Array.from({ length: lanes }, (_, lane) => writeLane(lane)));
  closeSync(journal);

  async function writeLane(lane: number): Promise<void> {
    for (let version = after + 1; ; version += 1) {
      note(`begun ${lane} ${version}`);
      await WORKS[work](storage, lane, version, { note, baseDir: settings.baseDir });
      note(`done ${lane} ${version}`);
    }
  }
}

interface Surroundings {
  readonly baseDir: string;
  note(line: string): void;
}

type Step = (
  storage: StorageEngine,
  lane: number,
  version: number,
  surroundings: Surroundings,
) => Promise<unknown>;

const WORKS: Readonly<Record<Work, Step>> = {
  put(storage, lane, version) {
    const key = `put/${lane}.bin`;
    return storage.put(key, contentOf(key, version, sizeOf(version)), attributesOf(version));
  },

  stream(storage, lane, version) {
    const key = `stream/${lane}.bin`;
    return storage.put(key, chunksOf(contentOf(key, version, LARGE)), attributesOf(version));
  },

  async copy(storage, lane, version) {
    const [from, to] = [`from/lane-${lane}`, `to/lane-${lane}`];
    await storage.put(from, contentOf(from, version, sizeOf(version)), attributesOf(version));
    await storage.copy(from, to);
  },

  async move(storage, lane, version) {
    const [from, to] = [`from/lane-${lane}`, `to/lane-${lane}`];
    await storage.put(from, contentOf(from, version, sizeOf(version)), attributesOf(version));
    await storage.move(from, to);
  },

  async attributes(storage, lane, version) {
    const key = `said/${lane}.bin`;
    if (!(await storage.exists(key))) await storage.put(key, contentOf(key, 0, 4000));
    await storage.setMetadata(key, { metadata: { version, again: version }, tags: [`${version}`] });
  },

  async upload(storage, lane, version, { note }) {
    const key = `upload/${lane}.bin`;
    const attributes = attributesOf(version);
    const session = await storage.upload(key, { totalBytes: LARGE, attributes });
    note(`token ${lane} ${version} ${session.token}`);
    const content = contentOf(key, version, LARGE);
    const length = LARGE / PARTS;
    for (let part = PARTS - 1; part >= 0; part -= 1) {
      const offset = part * length;
      await session.write(offset, content.subarray(offset, offset + length));
      note(`held ${lane} ${version} ${offset}`);
    }
    note(`completing ${lane} ${version}`);
    await session.complete();
  },

  /** What must not pass: it writes over the file itself. */
  async 'in-place'(_storage, lane, version, { baseDir }) {
    const key = `${lane}.bin`;
    const content = contentOf(key, version, LARGE);
    const file = openSync(join(baseDir, key), 'a+');
    closeSync(file);
    const open = openSync(join(baseDir, key), 'r+');
    for (let at = 0; at < content.byteLength; at += 4096) {
      writeSync(open, content, at, 4096, at);
    }
    closeSync(open);
    writeFileSync(join(baseDir, `${key}.meta.json`), JSON.stringify({ metadata: { version } }));
  },
};

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

/** The system's own calls; before the one of this number the process is gone. */
function countedCalls(killAtCall: number | undefined): FsCalls {
  const { calls } = THIS_SYSTEM;
  if (killAtCall === undefined) return calls;
  let count = 0;
  const counted = Object.entries(calls).map(([name, call]) => [
    name,
    (...values: unknown[]) => {
      count += 1;
      if (count >= killAtCall) process.kill(process.pid, 'SIGKILL');
      return Reflect.apply(call, calls, values);
    },
  ]);
  return Object.fromEntries(counted) as FsCalls;
}

await run(readSettings<CrashSettings>());
