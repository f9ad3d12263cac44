import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { equal, present } from '../check.ts';
import { collect } from '../content.ts';
import { type FaultContext, NEW_CONTENT, OLD_CONTENT } from './fault-context.ts';
import type { ContentWay } from './fault-harness.ts';

/** An operation that trouble comes over. */
export interface FaultOperation {
  readonly name: string;
  readonly writes: boolean;
  /** Whether its reply has a body that can stop in its middle. */
  readonly hasReplyBody: boolean;
  /** Which way content goes in it. */
  readonly content?: ContentWay;
  /** Does it once, and checks what it returns. */
  run(provider: StorageProvider): Promise<void>;
  /** What may be there when it failed: before or after it, whole. */
  either(context: FaultContext): Promise<void>;
  /** What is there when it was not applied. */
  before(context: FaultContext): Promise<void>;
  /** What is there when it succeeded. */
  after(context: FaultContext): Promise<void>;
  /** Why it cannot be tried. */
  unmet?(provider: StorageProvider): string | undefined;
}

const untouched = (context: FaultContext) =>
  context.whole({ old: [OLD_CONTENT], new: [undefined] });
const created = (context: FaultContext) =>
  context.whole({ old: [OLD_CONTENT], new: [NEW_CONTENT] });
const maybeCreated = (context: FaultContext) =>
  context.whole({ old: [OLD_CONTENT], new: [undefined, NEW_CONTENT] });

const reads = {
  writes: false,
  either: untouched,
  before: untouched,
  after: untouched,
};

/** Writes content as an upload of one part. */
async function upload(provider: StorageProvider): Promise<void> {
  const begin = present(provider.upload, 'upload');
  const session = await begin('new', { totalBytes: NEW_CONTENT.byteLength });
  await session.write(0, NEW_CONTENT);
  const info = await session.complete();
  equal(info.size, NEW_CONTENT.byteLength, 'size that the upload returns');
}

/** Every operation that the faults are tried on. */
export const FAULT_OPERATIONS: readonly FaultOperation[] = [
  {
    ...reads,
    name: 'get',
    content: 'down',
    hasReplyBody: true,
    async run(provider) {
      const object = await provider.get('old', {});
      equal(await object.bytes(), OLD_CONTENT, 'content that was read');
    },
  },
  {
    ...reads,
    name: 'stat',
    hasReplyBody: false,
    async run(provider) {
      equal((await provider.stat('old', {})).size, OLD_CONTENT.byteLength, 'size');
    },
  },
  {
    ...reads,
    name: 'list',
    hasReplyBody: true,
    async run(provider) {
      const pages = await collect(provider.list({}));
      const keys = pages.flatMap(({ entries }) => entries.map(({ key }) => key));
      equal(keys, ['old'], 'keys that are listed');
    },
  },
  {
    name: 'put',
    writes: true,
    content: 'up',
    hasReplyBody: false,
    async run(provider) {
      const info = await provider.put('new', toBody(NEW_CONTENT), {});
      equal(info.size, NEW_CONTENT.byteLength, 'size that put returns');
    },
    either: maybeCreated,
    before: untouched,
    after: created,
  },
  {
    name: 'overwriting put',
    writes: true,
    content: 'up',
    hasReplyBody: false,
    async run(provider) {
      await provider.put('old', toBody(NEW_CONTENT), {});
    },
    either: (context) => context.whole({ old: [OLD_CONTENT, NEW_CONTENT], new: [undefined] }),
    before: untouched,
    after: (context) => context.whole({ old: [NEW_CONTENT], new: [undefined] }),
  },
  {
    name: 'delete',
    writes: true,
    hasReplyBody: false,
    async run(provider) {
      await provider.delete('old', {});
    },
    either: (context) => context.whole({ old: [OLD_CONTENT, undefined], new: [undefined] }),
    before: untouched,
    after: (context) => context.whole({ old: [undefined], new: [undefined] }),
  },
  {
    name: 'upload',
    writes: true,
    content: 'up',
    hasReplyBody: false,
    run: upload,
    either: maybeCreated,
    before: untouched,
    after: created,
    unmet: ({ capabilities }) =>
      capabilities.upload === true ? undefined : 'the provider declares no `upload`',
  },
];
