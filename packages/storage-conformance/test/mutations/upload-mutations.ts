import {
  StorageError,
  type StorageProvider,
  toBody,
  type UploadOptions,
  type UploadSession,
} from '@granary/storage-core/provider';
import { changed, type Mutation } from './mutation.ts';
import { own } from './own-operation.ts';

/** A provider whose upload sessions are changed. */
function session(
  rule: string,
  name: string,
  change: (
    session: UploadSession,
    provider: StorageProvider,
    options: UploadOptions,
  ) => Partial<UploadSession>,
): Mutation {
  return changed(rule, name, (provider) => ({
    async upload(key, options) {
      const inner = await own(provider, 'upload')(key, options);
      const outer: UploadSession = {
        key: inner.key,
        token: inner.token,
        part: inner.part,
        status: (how) => inner.status(how),
        write: (offset, bytes, how) => inner.write(offset, bytes, how),
        complete: (how) => inner.complete(how),
        abort: (how) => inner.abort(how),
      };
      return { ...outer, ...change(inner, provider, options) };
    },
  }));
}

export const uploadMutations: readonly Mutation[] = [
  session('UP-1', 'shows the object before it is complete', (inner, provider) => ({
    async write(offset, bytes, how) {
      await inner.write(offset, bytes, how);
      await provider.put(inner.key, toBody(bytes), {});
    },
  })),
  session('UP-1', 'forgets the attributes of the start', (inner, provider) => ({
    async complete(how) {
      const info = await inner.complete(how);
      return (await provider.setMetadata?.(info.key, { metadata: null, tags: null }, {})) ?? info;
    },
  })),
  session('UP-1', "keeps the caller's buffer of a part", (inner) => {
    const parts: [number, Uint8Array][] = [];
    return {
      async write(offset, bytes, how) {
        parts.push([offset, bytes]);
        await inner.write(offset, bytes, how);
      },
      async complete(how) {
        for (const [offset, bytes] of parts) await inner.write(offset, bytes);
        return inner.complete(how);
      },
    };
  }),
  session('UP-2', 'keeps the first of two parts', (inner) => {
    const seen = new Set<number>();
    return {
      async write(offset, bytes, how) {
        if (!seen.has(offset))
          await inner.write(offset, offset === 0 ? bytes.map((byte) => byte ^ 1) : bytes, how);
        seen.add(offset);
      },
    };
  }),
  session('UP-2', 'does not tell what it holds', () => ({ status: async () => ({ held: [] }) })),
  session('UP-3', 'fills missing parts with zeros', (inner, provider, { totalBytes = 0 }) => ({
    async complete(how) {
      try {
        return await inner.complete(how);
      } catch (error) {
        if ((error as StorageError).code !== 'invalid-argument') throw error;
        return provider.put(inner.key, toBody(new Uint8Array(totalBytes)), {});
      }
    },
  })),
  session('UP-3', 'ignores conditions of complete', (inner) => ({
    complete: () => inner.complete({}),
  })),
  session('UP-3', 'ends the session when complete fails', (inner) => ({
    async complete(how) {
      try {
        return await inner.complete(how);
      } catch (error) {
        await inner.abort();
        throw error;
      }
    },
  })),
  session('UP-4', 'takes a part past the total', (inner, _provider, { totalBytes = 0 }) => ({
    async write(offset, bytes, how) {
      await inner.write(offset, bytes.subarray(0, Math.max(totalBytes - offset, 1)), how);
    },
  })),
  session('UP-4', 'tells rules that nobody can keep', (inner) => ({
    part: { ...inner.part, minBytes: 100, maxBytes: 10 },
  })),
  changed('UP-5', 'begins anew with every token', (provider) => ({
    upload: (key, { token: _token, ...options }) =>
      own(provider, 'upload')(key, { totalBytes: 2055, ...options }),
  })),
  changed('UP-5', 'opens any token for any key', (provider) => ({
    async upload(key, options) {
      try {
        return await own(provider, 'upload')(key, options);
      } catch {
        return own(provider, 'upload')(key, {});
      }
    },
  })),
  session('UP-6', 'does not say that a session has to be begun again', (inner) => ({
    complete: (how) =>
      inner.complete(how).catch((error: StorageError) => {
        throw error.restart ? new StorageError('conflict', 'the session has ended.') : error;
      }),
  })),
  session('UP-8', 'computes no checksum', (inner) => ({
    async complete(how) {
      const { checksums: _forgotten, ...info } = await inner.complete(how);
      return info;
    },
  })),
  changed('UP-8', 'forgets that a checksum was asked for', (provider) => ({
    upload: (key, { checksum: _forgotten, ...options }) => own(provider, 'upload')(key, options),
  })),
  session('UP-9', 'compares no checksum', (inner) => ({
    complete: ({ checksum: _ignored, ...how } = {}) => inner.complete(how),
  })),
  session('UP-9', 'stores what has another checksum, and says so afterwards', (inner) => ({
    async complete({ checksum, ...how } = {}) {
      const info = await inner.complete(how);
      if (checksum !== undefined && info.checksums?.['sha256'] !== checksum) {
        throw new StorageError('corrupted', 'the content has another checksum.');
      }
      return info;
    },
  })),
  session('UP-9', 'ends the session when the checksum is another one', (inner) => ({
    complete: (how) =>
      inner.complete(how).catch(async (error: StorageError) => {
        if (error.code === 'corrupted') await inner.abort();
        throw error;
      }),
  })),
  session('UP-6', 'keeps the session that is aborted', () => ({ abort: async () => {} })),
  changed('UP-6', 'forgets what is pending', () => ({
    async *uploads() {
      yield* [];
    },
  })),
  changed('UP-6', 'ignores the prefix of pending uploads', (provider) => ({
    uploads: () => own(provider, 'uploads')({}),
  })),
  session('UP-7', 'keeps the first of two uploads', (inner, provider) => ({
    async complete(how) {
      const before = await provider.stat(inner.key, {}).catch(() => undefined);
      return before ?? inner.complete(how);
    },
  })),
];
