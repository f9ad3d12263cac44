import { randomBytes } from 'node:crypto';
import { md5 } from './checksums.ts';
import type { Bucket, Settable } from './gcs-state.ts';
import { escapeXml, invalid, Refusal } from './refusal.ts';
import type { FakeAnswer } from './request.ts';
import { checkHashes, described, type XmlCall } from './xml-objects.ts';

/** https://cloud.google.com/storage/quotas#requests, read 2026-11-21 */
const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

interface Part {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly at: number;
}

interface MultipartUpload {
  readonly id: string;
  readonly bucket: string;
  readonly name: string;
  readonly startedAt: number;
  readonly object: { readonly settable: Settable; readonly kmsKeyName?: string };
  readonly parts: Map<number, Part>;
}

/** Multipart uploads of the XML API. https://cloud.google.com/storage/docs/multipart-uploads */
export interface XmlMultipart {
  initiate(call: XmlCall): FakeAnswer;
  putPart(call: XmlCall): FakeAnswer;
  listParts(call: XmlCall): FakeAnswer;
  complete(call: XmlCall): FakeAnswer;
  abort(call: XmlCall): FakeAnswer;
  listUploads(bucket: Bucket, query: Readonly<Record<string, string>>): FakeAnswer;
}

/** Makes the part of the fake that takes multipart uploads. */
export function xmlMultipart(): XmlMultipart {
  const uploads = new Map<string, MultipartUpload>();

  function open({ request, bucket, name }: XmlCall): MultipartUpload {
    const upload = uploads.get(request.query['uploadId'] ?? '');
    if (upload?.bucket !== bucket.name || upload.name !== name) {
      throw new Refusal(404, 'NoSuchUpload', 'The requested upload was not found.');
    }
    return upload;
  }

  return {
    // https://cloud.google.com/storage/docs/xml-api/post-object-multipart
    initiate({ state, request, bucket, name }) {
      refuseConditions(request.headers);
      if (request.body.byteLength > 0) throw invalid('The request has a body.');
      const id = randomBytes(24).toString('base64url');
      const object = described(request.headers);
      uploads.set(id, {
        id,
        bucket: bucket.name,
        name,
        startedAt: state.now(),
        object,
        parts: new Map(),
      });
      return xml('InitiateMultipartUploadResult', [
        ['Bucket', bucket.name],
        ['Key', name],
        ['UploadId', id],
      ]);
    },

    // https://cloud.google.com/storage/docs/xml-api/put-object-multipart
    putPart(call) {
      const { state, request } = call;
      const upload = open(call);
      const number = Number(request.query['partNumber']);
      if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) {
        throw invalid('Part number must be an integer between 1 and 10000, inclusive');
      }
      checkHashes(request.headers, request.body);
      const etag = `"${Buffer.from(md5(request.body), 'base64').toString('hex')}"`;
      upload.parts.set(number, { bytes: request.body, etag, at: state.now() });
      return { status: 200, headers: { etag } };
    },

    // https://cloud.google.com/storage/docs/xml-api/get-object-multipart
    listParts(call) {
      const { query } = call.request;
      const upload = open(call);
      const marker = Number(query['part-number-marker'] ?? 0);
      const most = Math.min(Number(query['max-parts'] ?? 1000), 1000);
      const left = [...upload.parts].filter(([number]) => number > marker);
      const page = left.toSorted(([one], [other]) => one - other).slice(0, most);
      const isTruncated = page.length < left.length;
      return xml('ListPartsResult', [
        ['Bucket', upload.bucket],
        ['Key', upload.name],
        ['UploadId', upload.id],
        ['StorageClass', 'STANDARD'],
        ['PartNumberMarker', String(marker)],
        ...(isTruncated ? [['NextPartNumberMarker', String(page.at(-1)?.[0])] as const] : []),
        ['MaxParts', String(most)],
        ['IsTruncated', String(isTruncated)],
        ...page.map(
          ([number, { bytes, etag, at }]) =>
            [
              'Part',
              [
                ['PartNumber', String(number)],
                ['LastModified', new Date(at).toISOString()],
                ['ETag', etag],
                ['Size', String(bytes.byteLength)],
              ],
            ] as const,
        ),
      ]);
    },

    // https://cloud.google.com/storage/docs/xml-api/post-object-complete
    complete(call) {
      const { state, request, bucket, name, url } = call;
      refuseConditions(request.headers);
      const upload = open(call);
      const named = readParts(request.body.toString());
      const parts = named.map(({ number, etag }, index) => {
        const part = upload.parts.get(number);
        if (part === undefined || part.etag !== etag) {
          throw new Refusal(
            400,
            'InvalidPart',
            'One or more of the specified parts could not be found.',
          );
        }
        if (index > 0 && number <= (named[index - 1]?.number ?? 0)) {
          throw new Refusal(
            400,
            'InvalidPartOrder',
            'The list of parts was not in ascending order.',
          );
        }
        if (index < named.length - 1 && part.bytes.byteLength < MIN_PART_BYTES) {
          throw new Refusal(
            400,
            'EntityTooSmall',
            'Your proposed upload is smaller than the minimum object size.',
          );
        }
        return part.bytes;
      });
      const object = state.write(bucket, {
        name,
        bytes: Buffer.concat(parts),
        ...upload.object,
        componentCount: parts.length,
      });
      uploads.delete(upload.id);
      const answer = xml('CompleteMultipartUploadResult', [
        ['Location', `${url}/${bucket.name}/${name}`],
        ['Bucket', bucket.name],
        ['Key', name],
        ['ETag', `"${object.generation}"`],
      ]);
      return {
        ...answer,
        headers: {
          ...answer.headers,
          'x-goog-hash': `crc32c=${object.crc32c}`,
          'x-goog-generation': String(object.generation),
        },
      };
    },

    // https://cloud.google.com/storage/docs/xml-api/delete-multipart
    abort(call) {
      uploads.delete(open(call).id);
      return { status: 204 };
    },

    // https://cloud.google.com/storage/docs/xml-api/get-bucket-uploads
    listUploads({ name: bucket }, query) {
      const {
        prefix = '',
        'key-marker': keyMarker = '',
        'upload-id-marker': idMarker = '',
      } = query;
      const most = Math.min(Number(query['max-uploads'] ?? 1000), 1000);
      const encode = (text: string) =>
        query['encoding-type'] === 'url' ? encodeURIComponent(text).replaceAll('%2F', '/') : text;
      const left = [...uploads.values()]
        .filter((upload) => upload.bucket === bucket && upload.name.startsWith(prefix))
        .filter(
          ({ name, id }) =>
            name > keyMarker || (name === keyMarker && id > idMarker && idMarker !== ''),
        )
        .toSorted((one, other) => (one.name + one.id < other.name + other.id ? -1 : 1));
      const page = left.slice(0, most);
      const last = page.at(-1);
      const isTruncated = page.length < left.length;
      return xml('ListMultipartUploadsResult', [
        ['Bucket', bucket],
        ...(query['encoding-type'] === 'url' ? [['EncodingType', 'url'] as const] : []),
        ...(isTruncated && last
          ? ([
              ['NextKeyMarker', encode(last.name)],
              ['NextUploadIdMarker', last.id],
            ] as const)
          : []),
        ['MaxUploads', String(most)],
        ['IsTruncated', String(isTruncated)],
        ...page.map(
          ({ name, id, startedAt }) =>
            [
              'Upload',
              [
                ['Key', encode(name)],
                ['UploadId', id],
                ['StorageClass', 'STANDARD'],
                ['Initiated', new Date(startedAt).toISOString()],
              ],
            ] as const,
        ),
      ]);
    },
  };
}

/** "Preconditions are not supported in the requests": the real service overlooks them in silence. */
function refuseConditions(headers: Readonly<Record<string, string>>): void {
  if (Object.keys(headers).some((name) => /^(?:x-goog-if-|if-)/.test(name))) {
    throw invalid('Preconditions are not supported in multipart uploads.');
  }
}

function readParts(body: string): { readonly number: number; readonly etag: string }[] {
  if (!/^\s*(?:<\?xml[^>]*\?>)?\s*<CompleteMultipartUpload[\s>]/.test(body)) {
    throw new Refusal(400, 'MalformedXML', 'The XML you provided was not well-formed.');
  }
  const parts = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => {
    const [, number] = /<PartNumber>\s*(\d+)\s*<\/PartNumber>/.exec(part) ?? [];
    const [, etag = ''] = /<ETag>\s*(.*?)\s*<\/ETag>/.exec(part) ?? [];
    const bare = etag.replace(/&quot;|&#34;|"/g, '');
    return { number: Number(number), etag: `"${bare}"` };
  });
  if (parts.length === 0) throw new Refusal(400, 'MalformedXML', 'No parts were named.');
  return parts;
}

type XmlNode = readonly [name: string, content: string | readonly XmlNode[]];

function xml(root: string, nodes: readonly XmlNode[]): FakeAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml; charset=UTF-8' },
    body: `<?xml version='1.0' encoding='UTF-8'?><${root} xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>${nodes.map(render).join('')}</${root}>`,
  };
}

function render([name, content]: XmlNode): string {
  const inside = typeof content === 'string' ? escapeXml(content) : content.map(render).join('');
  return `<${name}>${inside}</${name}>`;
}
