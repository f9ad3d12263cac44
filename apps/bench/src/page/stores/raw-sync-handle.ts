import type { PageStream } from '../page-store.ts';
import type { SyncReply, SyncRequest } from '../sync-handle-worker.ts';
import { openFolder, placeOf, removeFolder } from './opfs-calls.ts';

const PIECE_BYTES = 1024 * 1024;

/** Large content through a synchronous access handle in a worker, written in place, one piece after the other. */
export async function openSyncHandleStream(name: string): Promise<PageStream> {
  const root = await openFolder(name);
  const worker = new Worker('/sync-handle-worker.js', { type: 'module' });
  const ask = (request: SyncRequest, transfer: Transferable[] = []) =>
    new Promise<SyncReply>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<SyncReply>) => {
        if (data.error === undefined) resolve(data);
        else reject(new Error(data.error));
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(request, transfer);
    });

  return {
    async write(key, source) {
      await ask({ call: 'open', folder: name, key });
      let at = 0;
      for await (const piece of source) {
        const { length } = piece;
        const bytes = piece as Uint8Array<ArrayBuffer>;
        await ask({ call: 'write', bytes, at }, [bytes.buffer]);
        at += length;
      }
      await ask({ call: 'close' });
    },
    async read(key) {
      await ask({ call: 'open', folder: name, key });
      let at = 0;
      return new ReadableStream({
        async pull(controller) {
          const { bytes } = await ask({ call: 'read', length: PIECE_BYTES, at });
          at += bytes?.length ?? 0;
          if (bytes !== undefined && bytes.length > 0) {
            controller.enqueue(bytes);
          } else {
            await ask({ call: 'close' });
            controller.close();
          }
        },
      });
    },
    async delete(key) {
      const [folder, file] = await placeOf(root, key, false);
      await folder.removeEntry(file);
    },
    async close() {
      worker.terminate();
      await removeFolder(name);
    },
  };
}
