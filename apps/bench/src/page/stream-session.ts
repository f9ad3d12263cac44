import { drive, mibPerSecond } from '../harness/drive.ts';
import type { PageSession } from './page-session.ts';
import type { PageStream } from './page-store.ts';
import { checkPieces, drain, sourceOf } from './pieces.ts';

/** Verified with this much: several pieces, and the last not whole. */
const CHECKED_BYTES = 3 * 1024 * 1024 + 17;
const KEY = 'large/object.bin';

/** Streams large content in and out. Parts: `in`, then `out`, which deletes it. */
export function streamSession(
  open: (name: string) => Promise<PageStream>,
  { sizeBytes }: { readonly sizeBytes: number },
): PageSession {
  let store: PageStream | undefined;

  return {
    async verify() {
      store = await open('stream');
      await store.write(KEY, sourceOf(CHECKED_BYTES), CHECKED_BYTES);
      await checkPieces(await store.read(KEY), CHECKED_BYTES);
      await store.delete(KEY);
    },
    async run(_round, part) {
      if (store === undefined) throw new Error('The store was never opened.');
      const { write, read } = store;
      if (part === 'in') {
        const elapsedMs = await drive(1, 1, () => write(KEY, sourceOf(sizeBytes), sizeBytes));
        return { in: mibPerSecond(sizeBytes, elapsedMs) };
      }
      let count = 0;
      const elapsedMs = await drive(1, 1, async () => {
        count = await drain(await read(KEY));
      });
      if (count !== sizeBytes) throw new Error(`${count} bytes came back instead of ${sizeBytes}.`);
      await store.delete(KEY);
      return { out: mibPerSecond(sizeBytes, elapsedMs) };
    },
    close: async () => {
      await store?.close();
    },
  };
}
