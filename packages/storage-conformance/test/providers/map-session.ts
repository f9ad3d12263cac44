import {
  type ContentRange,
  checkSha256,
  type PartRules,
  type PendingUpload,
  pickAttributes,
  StorageError,
  sha256,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import type { MapStore, Session } from './map-store.ts';
import { commit, request } from './map-write.ts';

/** What upload sessions of a provider ask for. */
export interface SessionRules {
  readonly order: 'any' | 'sequential';
  readonly needsTotal: boolean;
}

const PART: Omit<PartRules, keyof SessionRules> = {
  minBytes: 1024,
  maxBytes: 1024 * 1024,
  multipleOf: 256,
  maxParts: 1000,
};

function held({ parts }: Session): ContentRange[] {
  const joined: { offset: number; length: number }[] = [];
  for (const [offset, { byteLength }] of [...parts].sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += byteLength;
    else joined.push({ offset, length: byteLength });
  }
  return joined;
}

function lost(): StorageError {
  return new StorageError('conflict', 'the session has ended.', {
    retryable: false,
    restart: true,
  });
}

/** Begins a session, or opens the one of a token. */
export function openSession(
  store: MapStore,
  key: string,
  options: UploadOptions,
  rules: SessionRules,
): UploadSession {
  request(store);
  const { token = crypto.randomUUID(), totalBytes, attributes = {} } = options;
  const { checksum, objectTags } = options;
  if (options.token === undefined) {
    store.sessions.set(token, {
      key,
      token,
      startedAt: new Date(store.now()),
      totalBytes,
      attributes: structuredClone(pickAttributes(attributes)) as typeof attributes,
      keepsChecksum: checksum !== undefined,
      objectTags: objectTags && { ...objectTags },
      parts: new Map(),
      isOpen: true,
    });
  }
  const session = store.sessions.get(token);
  if (session === undefined || session.key !== key) {
    throw new StorageError('invalid-argument', 'this is no token of an upload to this key.');
  }
  if (!session.isOpen) throw lost();
  return handle(store, session, { ...PART, ...rules });
}

function handle(store: MapStore, session: Session, part: PartRules): UploadSession {
  const { key, token, parts, totalBytes } = session;
  const check = () => {
    request(store);
    if (!session.isOpen) throw lost();
  };
  return {
    key,
    token,
    part,
    async status() {
      check();
      return { held: held(session) };
    },
    async write(offset, bytes) {
      check();
      if (offset + bytes.byteLength > (totalBytes ?? Number.POSITIVE_INFINITY)) {
        throw new StorageError('invalid-argument', 'the part ends past the total.');
      }
      const end = held(session)[0]?.length ?? 0;
      if (part.order === 'sequential' && offset !== end) {
        throw new StorageError('invalid-argument', `the next part begins at ${end}.`);
      }
      parts.set(offset, bytes.slice());
    },
    async complete(conditions = {}) {
      check();
      const ranges = held(session);
      const size = totalBytes ?? (ranges[0]?.offset === 0 ? ranges[0].length : 0);
      const isWhole =
        size === 0
          ? ranges.length === 0
          : ranges.length === 1 && ranges[0]?.offset === 0 && ranges[0].length === size;
      if (!isWhole) throw new StorageError('invalid-argument', 'parts are missing.');
      const bytes = new Uint8Array(size);
      for (const [offset, part] of parts) bytes.set(part, offset);
      const { ifMatch, ifNoneMatch } = conditions;
      const found = await sha256(bytes);
      checkSha256(found, conditions.checksum);
      const isKept = session.keepsChecksum || conditions.checksum !== undefined;
      const info = commit(store, key, bytes, {
        attributes: session.attributes,
        objectTags: session.objectTags,
        ...(isKept && { checksum: found }),
        ...(ifMatch !== undefined && { ifMatch }),
        ...(ifNoneMatch && { ifNoneMatch }),
      });
      session.isOpen = false;
      return info;
    },
    async abort() {
      session.isOpen = false;
      parts.clear();
    },
  };
}

export async function* pendingSessions(
  store: MapStore,
  prefix: string,
): AsyncGenerator<PendingUpload> {
  request(store);
  for (const { key, token, startedAt, isOpen } of store.sessions.values()) {
    if (isOpen && key.startsWith(prefix)) yield { key, token, startedAt };
  }
}
