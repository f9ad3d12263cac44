import {
  refusal,
  type StubAnswer,
  type StubRequest,
  type StubServer,
  startStub,
} from './stub-server.ts';

interface Version {
  readonly id: string;
  readonly etag: string;
  readonly modified: string;
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Blob {
  /** The oldest first. */
  versions: Version[];
  current: string | undefined;
}

const PAGE = 10;
const KNOWN_QUERY = new Set([
  'versionid',
  'restype',
  'comp',
  'prefix',
  'include',
  'marker',
  'maxresults',
]);

/**
 * Blob Storage with versions kept, in memory, as far as versions are concerned; strict about queries.
 * https://learn.microsoft.com/azure/storage/blobs/versioning-overview and
 * https://learn.microsoft.com/rest/api/storageservices/list-blobs (read 2026-11-21)
 */
export function startVersionedServer(): Promise<StubServer> {
  const blobs = new Map<string, Blob>();
  let writes = 0;

  function answer(request: StubRequest): StubAnswer {
    const { method, name, query, headers } = request;
    for (const known of query.keys()) {
      if (!KNOWN_QUERY.has(known)) return refusal(400, 'InvalidQueryParameterValue');
    }
    if (query.get('comp') === 'list') return list(query);
    if (method === 'PUT') {
      const source = headers['x-ms-copy-source'];
      if (source !== undefined) return copy(name, source, headers);
      if (headers['x-ms-blob-type'] !== 'BlockBlob') return refusal(400, 'MissingRequiredHeader');
      return store(name, request.body, metadataOf(headers));
    }
    const version = find(name, query.get('versionid'));
    if (method === 'DELETE') return remove(name, query.get('versionid'));
    if (version === undefined) return refusal(404, 'BlobNotFound');
    const ifMatch = headers['if-match'];
    if (ifMatch !== undefined && ifMatch !== version.etag) return refusal(412, 'ConditionNotMet');
    return read(version, headers['x-ms-range'] ?? headers['range']);
  }

  function find(name: string, id: string | null): Version | undefined {
    const blob = blobs.get(name);
    const wanted = id ?? blob?.current;
    return blob?.versions.find((version) => version.id === wanted);
  }

  function store(name: string, bytes: Buffer, metadata: Version['metadata']): StubAnswer {
    writes += 1;
    const version: Version = {
      id: new Date(1_800_000_000_000 + writes).toISOString().replace('Z', '0000Z'),
      etag: `"0x8D${writes.toString(16).toUpperCase().padStart(12, '0')}"`,
      modified: new Date().toUTCString(),
      bytes,
      metadata,
    };
    const blob = blobs.get(name) ?? { versions: [], current: undefined };
    blob.versions.push(version);
    blob.current = version.id;
    blobs.set(name, blob);
    return {
      status: 201,
      headers: {
        etag: version.etag,
        'last-modified': version.modified,
        'x-ms-version-id': version.id,
      },
    };
  }

  function copy(name: string, source: string, headers: StubRequest['headers']): StubAnswer {
    const url = new URL(source);
    const [, , , ...segments] = url.pathname.split('/');
    const version = find(
      segments.map(decodeURIComponent).join('/'),
      url.searchParams.get('versionid'),
    );
    if (version === undefined) return refusal(404, 'CannotVerifyCopySource');
    const ifMatch = headers['x-ms-source-if-match'];
    if (ifMatch !== undefined && ifMatch !== version.etag) {
      return refusal(412, 'SourceConditionNotMet');
    }
    const given = metadataOf(headers);
    const stored = store(
      name,
      version.bytes,
      Object.keys(given).length > 0 ? given : version.metadata,
    );
    return {
      status: 202,
      headers: { ...stored.headers, 'x-ms-copy-id': 'copy', 'x-ms-copy-status': 'success' },
    };
  }

  function remove(name: string, id: string | null): StubAnswer {
    const blob = blobs.get(name);
    const isThere = find(name, id) !== undefined;
    if (blob === undefined || !isThere) return refusal(404, 'BlobNotFound');
    if (id !== null && id === blob.current) return refusal(403, 'OperationNotAllowedOnRootBlob');
    if (id === null) blob.current = undefined;
    else blob.versions = blob.versions.filter((version) => version.id !== id);
    return { status: 202 };
  }

  function list(query: URLSearchParams): StubAnswer {
    const include = (query.get('include') ?? '').split(',');
    const prefix = query.get('prefix') ?? '';
    const start = Number(query.get('marker') ?? 0);
    const size = Math.min(PAGE, Number(query.get('maxresults') ?? PAGE));
    const found = [...blobs.entries()]
      .filter(([name]) => name.startsWith(prefix))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([name, blob]) =>
        blob.versions
          .filter(({ id }) => include.includes('versions') || id === blob.current)
          .map((version) => entry(name, version, include, blob.current)),
      );
    const page = found.slice(start, start + size);
    const next = start + size < found.length ? String(start + size) : '';
    return {
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://stub/account" ContainerName="container"><Blobs>${page.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
    };
  }

  return startStub(answer);
}

function entry(
  name: string,
  version: Version,
  include: string[],
  current: string | undefined,
): string {
  const metadata = Object.entries(version.metadata).map(
    ([key, value]) => `<${key}>${xml(value)}</${key}>`,
  );
  return `<Blob><Name>${xml(name)}</Name>${
    include.includes('versions') ? `<VersionId>${version.id}</VersionId>` : ''
  }${version.id === current ? '<IsCurrentVersion>true</IsCurrentVersion>' : ''}<Properties><Last-Modified>${
    version.modified
  }</Last-Modified><Etag>${version.etag.replaceAll('"', '')}</Etag><Content-Length>${
    version.bytes.byteLength
  }</Content-Length><Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType></Properties>${
    include.includes('metadata') ? `<Metadata>${metadata.join('')}</Metadata>` : ''
  }</Blob>`;
}

function read(
  { id, etag, modified, bytes, metadata }: Version,
  range: string | undefined,
): StubAnswer {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last) + 1, bytes.byteLength) : bytes.byteLength;
  const part = bytes.subarray(start, end);
  const isPart = first !== undefined;
  return {
    status: isPart ? 206 : 200,
    headers: {
      etag,
      'last-modified': modified,
      'content-length': String(part.byteLength),
      'content-type': 'application/octet-stream',
      'x-ms-version-id': id,
      'x-ms-blob-type': 'BlockBlob',
      ...(isPart && { 'content-range': `bytes ${start}-${end - 1}/${bytes.byteLength}` }),
      ...Object.fromEntries(
        Object.entries(metadata).map(([name, value]) => [`x-ms-meta-${name}`, value]),
      ),
    },
    body: part,
  };
}

function metadataOf(headers: StubRequest['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith('x-ms-meta-'))
      .map(([name, value]) => [name.slice('x-ms-meta-'.length), value]),
  );
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
