import { fileAt, openFolder } from './stores/opfs-calls.ts';

/*
 * A worker that holds one file open, since only workers have synchronous access handles.
 */

/** What the page asks of the worker, one after the other. */
export type SyncRequest =
  | { readonly call: 'open'; readonly folder: string; readonly key: string }
  | { readonly call: 'write'; readonly bytes: Uint8Array<ArrayBuffer>; readonly at: number }
  | { readonly call: 'read'; readonly length: number; readonly at: number }
  | { readonly call: 'close' };

/** Its answer: the bytes that were read, else nothing. */
export interface SyncReply {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly error?: string;
}

let handle: FileSystemSyncAccessHandle | undefined;

async function answer(request: SyncRequest): Promise<SyncReply> {
  switch (request.call) {
    case 'open': {
      const root = await openFolder(request.folder);
      handle = await (await fileAt(root, request.key, true)).createSyncAccessHandle();
      return {};
    }
    case 'write':
      handle?.write(request.bytes, { at: request.at });
      return {};
    case 'read': {
      const bytes = new Uint8Array(request.length);
      return { bytes: bytes.subarray(0, handle?.read(bytes, { at: request.at }) ?? 0) };
    }
    case 'close':
      handle?.flush();
      handle?.close();
      handle = undefined;
      return {};
  }
}

addEventListener('message', (event: MessageEvent<SyncRequest>) => {
  answer(event.data).then(
    (reply) => postMessage(reply, { transfer: reply.bytes ? [reply.bytes.buffer] : [] }),
    (error: unknown) => postMessage({ error: String(error) }),
  );
});
