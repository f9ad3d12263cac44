import type {
  ChangeEvent,
  EventChannel,
  ObjectAttributes,
  ObjectInfo,
  ObjectTags,
  Watcher,
} from '@granary/storage-core/provider';
import type { Fault } from '../../src/harness.ts';

/** One write. Bytes and info are never changed after they were stored. */
export interface Kept {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

export interface Session {
  readonly key: string;
  readonly token: string;
  readonly startedAt: Date;
  readonly totalBytes: number | undefined;
  readonly attributes: ObjectAttributes;
  readonly keepsChecksum: boolean;
  readonly objectTags: ObjectTags | undefined;
  readonly parts: Map<number, Uint8Array>;
  isOpen: boolean;
}

/** A store that several providers can be over, with a switch for every kind of trouble. */
export interface MapStore {
  readonly objects: Map<string, Kept>;
  readonly versions: Map<string, Kept[]>;
  readonly sessions: Map<string, Session>;
  readonly tags: Map<string, ObjectTags>;
  readonly log: ChangeEvent[];
  readonly watchers: Map<Watcher, { readonly prefix: string; readonly channel: EventChannel }>;
  readonly secret: string;
  readonly id: string;
  fault: Fault | undefined;
  requests: number;
  held: number;
  writes: number;
  aheadMs: number;
  capacityBytes: number;
  now(): number;
  /** Of a write. Default: a new one for each. */
  etagOf(bytes: Uint8Array): string;
  publish(event: ChangeEvent): void;
}

export function mapStore(capacityBytes: number = Number.POSITIVE_INFINITY): MapStore {
  const store: MapStore = {
    objects: new Map(),
    versions: new Map(),
    sessions: new Map(),
    tags: new Map(),
    log: [],
    watchers: new Map(),
    secret: 'a-secret-of-the-store',
    id: crypto.randomUUID(),
    fault: undefined,
    requests: 0,
    held: 0,
    writes: 0,
    aheadMs: 0,
    capacityBytes,
    now: () => Date.now() + store.aheadMs,
    etagOf: () => `w${store.writes}`,
    publish(event) {
      store.log.push(event);
      for (const { prefix, channel } of store.watchers.values()) {
        if ('key' in event && event.key?.startsWith(prefix)) channel.push(event);
      }
    },
  };
  return store;
}

/** Bytes of all objects but the one under `key`, which a write is about to replace. */
export function usedBytes({ objects }: MapStore, but?: string): number {
  let sum = 0;
  for (const [key, { bytes }] of objects) if (key !== but) sum += bytes.byteLength;
  return sum;
}
