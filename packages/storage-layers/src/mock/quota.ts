import {
  type Body,
  isStorageError,
  type ObjectInfo,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { mapInput } from './bodies.ts';

/** Keeps what a mock stores below a number of bytes. It counts current objects and parts of uploads. */
export interface Quota {
  /** Counts what is there already. */
  open(): Promise<void>;
  /** Makes room for a body; for one of unknown size while it flows. Errors: `quota-exceeded`. */
  begin(key: string, body: Body): QuotaTicket;
  /** Writes an object of a known size if it fits. Errors: `quota-exceeded`. */
  add(
    key: string,
    sizeBytes: () => number | Promise<number>,
    write: () => Promise<ObjectInfo>,
  ): Promise<ObjectInfo>;
  /** Size of an object as it was counted; 0 when it was not. */
  sizeOf(key: string): number;
  /** An object has this size now; `undefined`: it is gone. */
  count(key: string, sizeBytes: number | undefined): void;
  /** Looks how large an object is now. */
  recount(key: string): Promise<void>;
  /** Counts bytes that are in no object yet; negative ones are given back. Errors: `quota-exceeded`. */
  hold(sizeBytes: number): void;
}

/** Room for one write. */
export interface QuotaTicket {
  /** What to write. */
  readonly body: Body;
  /** Ends it with what was written, or with nothing. */
  settle(written: ObjectInfo | undefined): void;
}

export function limitedQuota(provider: StorageProvider, limitBytes: number): Quota {
  const sizes = new Map<string, number>();
  let storedBytes = 0;
  let heldBytes = 0;

  function hold(sizeBytes: number): void {
    const usedBytes = storedBytes + heldBytes;
    if (sizeBytes > 0 && usedBytes + sizeBytes > limitBytes) {
      throw new StorageError(
        'quota-exceeded',
        `${sizeBytes} bytes more do not fit: ${usedBytes} of ${limitBytes} are in use.`,
        { outcome: 'not-applied', hint: 'Delete objects or raise quotaLimit.' },
      );
    }
    heldBytes += sizeBytes;
  }

  function sizeOf(key: string): number {
    return sizes.get(key) ?? 0;
  }

  function count(key: string, sizeBytes: number | undefined): void {
    storedBytes += (sizeBytes ?? 0) - sizeOf(key);
    if (sizeBytes === undefined) sizes.delete(key);
    else sizes.set(key, sizeBytes);
  }

  function begin(key: string, body: Body): QuotaTicket {
    let held = 0;
    const grow = (sizeBytes: number) => {
      const moreBytes = Math.max(0, sizeBytes - sizeOf(key) - held);
      hold(moreBytes);
      held += moreBytes;
    };
    grow(body.size ?? 0);
    return {
      body: body.size === undefined ? countedBody(body, grow) : body,
      settle(written) {
        hold(-held);
        if (written !== undefined) count(key, written.size);
      },
    };
  }

  return {
    async open() {
      for await (const { entries } of provider.list({})) {
        for (const entry of entries) {
          const known = 'size' in entry ? entry.size : undefined;
          count(entry.key, known ?? (await provider.stat(entry.key, {})).size);
        }
      }
    },
    begin,
    async add(key, sizeBytes, write) {
      const moreBytes = Math.max(0, (await sizeBytes()) - sizeOf(key));
      hold(moreBytes);
      let written: ObjectInfo | undefined;
      try {
        written = await write();
        return written;
      } finally {
        hold(-moreBytes);
        if (written !== undefined) count(key, written.size);
      }
    },
    sizeOf,
    count,
    async recount(key) {
      try {
        count(key, (await provider.stat(key, {})).size);
      } catch (error) {
        if (!isStorageError(error, 'not-found')) throw error;
        count(key, undefined);
      }
    },
    hold,
  };
}

/** Everything fits. */
export const noQuota: Quota = {
  open: async () => {},
  begin: (_key, body) => ({ body, settle: () => {} }),
  add: (_key, _sizeBytes, write) => write(),
  sizeOf: () => 0,
  count: () => {},
  recount: async () => {},
  hold: () => {},
};

/** Tells, chunk by chunk, how much of the content has come. */
function countedBody(body: Body, tell: (sizeBytes: number) => void): Body {
  return mapInput(body, (stream) => {
    let sizeBytes = 0;
    return stream.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          sizeBytes += chunk.byteLength;
          tell(sizeBytes);
          controller.enqueue(chunk);
        },
      }),
    );
  });
}
