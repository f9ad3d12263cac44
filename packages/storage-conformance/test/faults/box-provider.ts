import {
  type BackendFactory,
  defineBackend,
  type ErrorCode,
  listOrdered,
  mapStreamError,
  type ObjectInfo,
  type PartRules,
  parseContentRange,
  rangeHeader,
  retryAfterMs,
  StorageError,
  type StorageProvider,
  storedObject,
  type UploadSession,
} from '@granary/storage-core/provider';

/** Options of {@link createBox}; the switches break it, for checks of the checks. */
export interface BoxOptions {
  readonly url: string;
  /** Takes any answer for one of the server. */
  readonly believesAnyone?: boolean;
  /** Goes where it is sent. */
  readonly follows?: boolean;
  /** Reads no `Retry-After`. */
  readonly isImpatient?: boolean;
  /** Gives what came of a body that broke. */
  readonly takesHalves?: boolean;
  /** Says of every failure that nothing happened. */
  readonly claimsNothingHappened?: boolean;
  /** Throws what `fetch` throws. */
  readonly throwsAnything?: boolean;
  /** Listens to no signal. */
  readonly isDeaf?: boolean;
  /** Capabilities, and operations, that it does without. */
  readonly lacks?: readonly string[];
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  404: 'not-found',
  412: 'precondition-failed',
  416: 'range-not-satisfiable',
  429: 'rate-limited',
};
const PART: PartRules = {
  minBytes: 1,
  maxBytes: 1_000_000,
  multipleOf: 1,
  maxParts: 1,
  order: 'sequential',
  needsTotal: false,
};

interface BoxRequest {
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

function boxProvider(options: BoxOptions): StorageProvider {
  const { url, believesAnyone, follows, isImpatient, takesHalves, isDeaf } = options;

  function failure(cause: unknown): unknown {
    if (options.throwsAnything) return cause;
    return new StorageError('unavailable', 'the box could not be reached.', {
      cause,
      outcome: options.claimsNothingHappened ? 'not-applied' : 'unknown',
    });
  }

  async function send(method: string, path: string, request: BoxRequest = {}): Promise<Response> {
    const { headers = {}, body, signal } = request;
    const response = await fetch(`${url}/${path}`, {
      method,
      headers,
      redirect: follows ? 'follow' : 'manual',
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
      ...(signal !== undefined && !isDeaf && { signal }),
    }).catch((error: unknown) => {
      throw signal?.aborted ? error : failure(error);
    });
    const isOurs = believesAnyone || response.headers.has('x-box');
    if (response.ok && isOurs) return response;
    await response.body?.cancel();
    const { status } = response;
    const wait = isImpatient ? undefined : retryAfterMs(response.headers.get('retry-after'));
    throw new StorageError(CODES[status] ?? 'unavailable', `the box answered ${status}.`, {
      status,
      outcome: status < 500 ? 'not-applied' : 'unknown',
      ...(wait !== undefined && { retryAfterMs: wait }),
    });
  }

  function conditions(given: { ifMatch?: string; ifNoneMatch?: string; writeId?: string }) {
    return {
      ...(given.ifMatch !== undefined && { 'if-match': given.ifMatch }),
      ...(given.ifNoneMatch !== undefined && { 'if-none-match': given.ifNoneMatch }),
      ...(given.writeId !== undefined && { 'x-write-id': given.writeId }),
    };
  }

  async function* items(prefix: string, signal: AbortSignal | undefined) {
    const response = await send('GET', 'list', { signal });
    const text = await response.text().catch((error: unknown) => {
      throw failure(error);
    });
    const listed = parsed(text, believesAnyone === true);
    for (const { key, size } of listed) {
      if (key.startsWith(prefix)) yield { kind: 'item' as const, key, size };
    }
  }

  const { lacks = [] } = options;
  const without = <Value extends object>(value: Value): Value =>
    Object.fromEntries(Object.entries(value).filter(([name]) => !lacks.includes(name))) as Value;

  return without<StorageProvider>({
    specVersion: 1,
    name: 'box',
    capabilities: without({
      rangeReads: true,
      readConditions: true,
      createIfAbsent: true,
      replaceIfMatch: true,
      writeIds: true,
      upload: true,
      attributes: 'none',
      etagCovers: 'content',
      listFields: ['size'],
      listOrder: 'utf8',
      delimiter: 'any',
      caseSensitive: true,
      health: true,
    }),

    async get(key, { range, signal, ...rest }) {
      const response = await send('GET', pathOf(key), {
        headers: { ...conditions(rest), ...(range && { range: rangeHeader(range) }) },
        signal,
      });
      const body = response.body ?? new Blob([]).stream();
      const stream = () =>
        takesHalves ? softened(body) : mapStreamError(body, (error) => failure(error));
      const source = { stream, cancel: (reason?: unknown) => body.cancel(reason) };
      const part = parseContentRange(response.headers.get('content-range') ?? '')?.range;
      return storedObject(infoOf(key, response), source, part && range ? { range: part } : {});
    },

    async put(key, body, { signal, ...rest }) {
      const bytes = await body.bytes();
      return infoOf(
        key,
        await send('PUT', pathOf(key), { headers: conditions(rest), body: bytes, signal }),
      );
    },

    stat: async (key, { signal }) => infoOf(key, await send('HEAD', pathOf(key), { signal })),

    async delete(key, { signal }) {
      await send('DELETE', pathOf(key), { signal });
      return {};
    },

    list: (given) =>
      listOrdered(
        given,
        async function* ({ prefix, after = '', atOrAfter = '' }) {
          for await (const item of items(prefix, given.signal)) {
            if (item.key > after && item.key >= atOrAfter) yield item;
          }
        },
        { pageSize: 100 },
      ),

    async upload(key, { signal, writeId }): Promise<UploadSession> {
      const path = `uploads/${encodeURIComponent(key)}`;
      const begun = await send('POST', path, {
        headers: conditions(writeId === undefined ? {} : { writeId }),
        signal,
      });
      const token = begun.headers.get('x-upload') ?? '';
      const headers = { 'x-upload': token };
      return {
        key,
        token,
        part: PART,
        status: async () => ({ held: [] }),
        async write(_offset, bytes, given = {}) {
          await send('PUT', path, { headers, body: bytes, signal: given.signal });
        },
        async complete(given = {}) {
          return infoOf(key, await send('PATCH', path, { headers, signal: given.signal }));
        },
        abort: async () => undefined,
      };
    },

    async health({ signal }) {
      try {
        await send('GET', 'list', { signal });
        return { ok: true, latencyMs: 1 };
      } catch (error) {
        return { ok: false, latencyMs: 1, error: error as Error };
      }
    },
  });
}

/** A box on a server of `startBoxServer`. */
export const createBox: BackendFactory<BoxOptions> = /* @__PURE__ */ defineBackend({
  name: 'box',
  remote: true,
  provider: boxProvider,
});

function pathOf(key: string): string {
  return `objects/${encodeURIComponent(key)}`;
}

function infoOf(key: string, { headers }: Response): ObjectInfo {
  const writeId = headers.get('x-write-id');
  return {
    key,
    size: Number(headers.get('x-size') ?? headers.get('content-length')),
    etag: headers.get('etag') ?? 'none',
    modifiedAt: new Date(0),
    ...(writeId && { writeId }),
  };
}

function parsed(text: string, believesAnyone: boolean): { key: string; size: number }[] {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (believesAnyone) return [];
    throw new StorageError('unavailable', 'the list is not whole.', { cause });
  }
}

/** A body that ends where it broke. */
function softened(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader
        .read()
        .catch(() => ({ done: true as const, value: undefined }));
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
