import { compareKeys } from '@granary/storage-core/provider';

/** Trouble that the fake makes. */
export type AcmeFault = 'unavailable' | 'second-page' | 'ignore-range' | 'cut-body' | 'lost-reply';

/** The Acme service in memory, reached by its own `fetch`. */
export interface FakeAcme {
  readonly fetch: typeof globalThis.fetch;
  /** Requests so far. */
  requests(): number;
  /** Makes trouble from now on, or ends it. */
  fault(fault: AcmeFault | undefined): void;
}

interface AcmeObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export const FAKE_ENDPOINT = 'https://acme.example/v1/store';
export const FAKE_TOKEN = 'fake-token';

const KEPT = /^(content-type$|acme-meta-)/;
const KNOWN =
  /^(authorization|content-type|if-match|if-none-match|range|accept.*|acme-meta-[a-z0-9_]+)$/;

/**
 * Built from the service's published description and strict about what it accepts: an unknown
 * store, header or parameter and a wrong token are errors. https://docs.acme.example/api
 */
export function fakeAcme(): FakeAcme {
  const objects = new Map<string, AcmeObject>();
  let requests = 0;
  let writes = 0;
  let fault: AcmeFault | undefined;

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (fault === 'unavailable') return refusal(503);
    if (request.headers.get('authorization') !== `Bearer ${FAKE_TOKEN}`) return refusal(401);
    for (const name of request.headers.keys()) if (!KNOWN.test(name)) return refusal(400);
    if (!url.href.startsWith(`${FAKE_ENDPOINT}/`)) return refusal(404, 'no-such-store');
    const path = url.href.slice(FAKE_ENDPOINT.length + 1).replace(/\?.*$/, '');
    if (path === 'objects') return list(url.searchParams);

    const key = path.slice('objects/'.length).split('/').map(decodeURIComponent).join('/');
    if (request.method === 'PUT') {
      const refused = failedCondition(request.headers, objects.get(key));
      if (refused) return refused;
      const response = put(key, request, new Uint8Array(await request.arrayBuffer()));
      if (fault === 'lost-reply') throw new TypeError('the connection was closed');
      return response;
    }
    const object = objects.get(key);
    const failed = failedCondition(request.headers, object);
    if (failed) return failed;
    if (!object) return refusal(404, 'no-such-object');
    if (request.method === 'DELETE') objects.delete(key);
    if (request.method === 'DELETE') return new Response(null, { status: 204 });
    return get(object, request);
  }

  function put(key: string, { headers }: Request, bytes: Uint8Array<ArrayBuffer>): Response {
    const before = objects.get(key);
    const failed = failedCondition(headers, before);
    if (failed) return failed;
    writes += 1;
    const object = {
      bytes,
      headers: {
        ...Object.fromEntries([...headers].filter(([name]) => KEPT.test(name))),
        etag: `"${writes}"`,
        'acme-size': String(bytes.byteLength),
        'acme-modified': new Date().toISOString(),
      },
    };
    objects.set(key, object);
    return new Response(null, { headers: object.headers });
  }

  function get({ bytes, headers }: AcmeObject, request: Request): Response {
    if (request.method === 'HEAD') return new Response(null, { headers });
    const range = request.headers.get('range');
    const content = fault === 'cut-body' ? bytes.subarray(0, -1) : bytes;
    if (range === null || fault === 'ignore-range') return new Response(content, { headers });
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
    const size = bytes.byteLength;
    const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
    const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
    if (start >= end) return refusal(416);
    const contentRange = { 'content-range': `bytes ${start}-${end - 1}/${size}` };
    return new Response(content.slice(start, end), {
      status: 206,
      headers: { ...headers, ...contentRange },
    });
  }

  function list(query: URLSearchParams): Response {
    const { prefix = '', after, from = '', limit = '1000', ...unknown } = Object.fromEntries(query);
    if (Object.keys(unknown).length > 0) return refusal(400);
    if (fault === 'second-page' && after !== undefined) return refusal(503);
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(prefix) && compareKeys(key, from) >= 0)
      .filter((key) => after === undefined || compareKeys(key, after) > 0)
      .sort(compareKeys);
    const page = fault === 'second-page' ? keys.slice(0, 1) : keys.slice(0, Number(limit));
    return Response.json({
      more: page.length < keys.length,
      objects: page.map((key) => {
        const headers = objects.get(key)?.headers ?? {};
        const size = Number(headers['acme-size']);
        return { key, size, etag: headers['etag'], modified: headers['acme-modified'] };
      }),
    });
  }

  return {
    requests: () => requests,
    fault(next) {
      fault = next;
    },
    async fetch(input, init) {
      requests += 1;
      const request = new Request(input, init);
      const aborted = new Promise<never>((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason));
      });
      return Promise.race([answer(request), aborted]);
    },
  };
}

/** https://docs.acme.example/api/conditions: `If-Match` is looked at first. */
function failedCondition(headers: Headers, object: AcmeObject | undefined): Response | undefined {
  const etag = object?.headers['etag'];
  const ifMatch = headers.get('if-match');
  if (ifMatch !== null && ifMatch !== etag) return refusal(412);
  const ifNoneMatch = headers.get('if-none-match');
  if (ifNoneMatch === '*' && object) return refusal(412);
  if (ifNoneMatch !== null && ifNoneMatch === etag) return refusal(304);
  return undefined;
}

function refusal(status: number, name?: string): Response {
  return new Response(null, { status, headers: name ? { 'acme-error': name } : {} });
}
