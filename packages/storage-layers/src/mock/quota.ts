import {
  type Body,
  isStorageError,
  type ObjectInfo,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { usageCounter } from '../quota/usage-counter.ts';
import { writeTicket } from '../quota/write-ticket.ts';

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
  const counter = usageCounter({
    limits: [{ pattern: '*', maxBytes: limitBytes }],
    hint: 'Delete objects or raise quotaLimit.',
  });

  function hold(bytes: number): void {
    if (bytes > 0) counter.hold('', { bytes, objects: 0 });
    else counter.release('', { bytes: -bytes, objects: 0 });
  }

  function sizeOf(key: string): number {
    return sizes.get(key) ?? 0;
  }

  function count(key: string, sizeBytes: number | undefined): void {
    counter.count(key, sizes.get(key), sizeBytes);
    if (sizeBytes === undefined) sizes.delete(key);
    else sizes.set(key, sizeBytes);
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
    begin(key, body) {
      const ticket = writeTicket(counter, key, body, () => sizes.get(key));
      return {
        body: ticket.body,
        settle(written) {
          ticket.end();
          if (written !== undefined) count(key, written.size);
        },
      };
    },
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
