import {
  type BackendFactory,
  type ConfigSource,
  defineBackend,
  isStorageError,
  readOptions,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { acmeClient } from './acme-client.ts';
import { conditionHeaders, MAX_METADATA_BYTES, toInfo } from './acme-headers.ts';
import { toPath } from './acme-keys.ts';
import { listObjects } from './acme-list.ts';
import { readObject } from './acme-read.ts';
import { writeObject } from './acme-write.ts';

/** Units: bytes. https://docs.acme.example/limits#objects, read 2026-11-21 */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Options of {@link createAcme}. */
export interface AcmeOptions {
  /** Address of the service with the store's name, such as `https://acme.example/v1/my-store`. */
  readonly endpoint: string;
  /** Token of an account that may use the store. Never shown in errors. */
  readonly token: string;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
}

/** The provider behind {@link createAcme}. Makes no request until the first operation. */
export function acmeProvider(options: AcmeOptions): StorageProvider {
  const { endpoint, token, fetch = globalThis.fetch } = options;
  const client = acmeClient({ endpoint, token, fetch });

  return {
    specVersion: 1,
    name: 'acme',
    capabilities: {
      rangeReads: true,
      readConditions: true,
      createIfAbsent: true,
      replaceIfMatch: true,
      deleteIfMatch: true,
      attributes: 'native',
      atomicAttributes: true,
      maxMetadataBytes: MAX_METADATA_BYTES,
      writeIds: true,
      etagCovers: 'write',
      listFields: ['size', 'etag', 'modifiedAt'],
      listOrder: 'utf8',
      delimiter: 'any',
      fileAndFolder: true,
      caseSensitive: true,
      durable: true,
      maxPutBytes: MAX_PUT_BYTES,
    },

    // https://docs.acme.example/api/get-object
    get: (key, options) => readObject(client, key, options),

    // https://docs.acme.example/api/put-object
    put: (key, body, options) => writeObject(client, key, body, options),

    // https://docs.acme.example/api/head-object
    async stat(key, { signal }) {
      const { headers } = await client.send('HEAD', toPath(key), { signal });
      return toInfo(key, headers);
    },

    // https://docs.acme.example/api/delete-object
    async delete(key, { ifMatch, signal }) {
      try {
        await client.send('DELETE', toPath(key), {
          headers: conditionHeaders({ ifMatch }),
          signal,
        });
        return { existed: true };
      } catch (error) {
        if (isStorageError(error, 'not-found')) return { existed: false };
        throw error;
      }
    },

    // https://docs.acme.example/api/list-objects
    list: (options) => listObjects(client, options),
  };
}

/**
 * A storage in a store of the Acme service. It makes no request before the first operation.
 * Errors: those of the table in `acme-errors.ts`.
 */
export const createAcme: BackendFactory<AcmeOptions> = /* @__PURE__ */ defineBackend({
  name: 'acme',
  remote: true,
  provider: acmeProvider,
  fromConfig: acmeFromConfig,
});

function acmeFromConfig(source: ConfigSource): AcmeOptions {
  return readOptions(source, {
    endpoint: { type: 'string', required: true },
    token: { type: 'string', required: true },
  });
}
