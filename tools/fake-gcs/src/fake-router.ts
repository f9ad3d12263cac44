import { answerPreflight, corsHeaders } from './cors.ts';
import { selectFields } from './fields.ts';
import type { Bucket, GcsState } from './gcs-state.ts';
import { answerBatch } from './json-batch.ts';
import {
  deleteBucket,
  getBucket,
  insertBucket,
  listBuckets,
  patchBucket,
  testPermissions,
} from './json-buckets.ts';
import { JSON_METHODS } from './json-methods.ts';
import {
  composeObjects,
  copyObject,
  deleteObject,
  getObject,
  listObjects,
  type ObjectCall,
  patchObject,
  rewriteObject,
  updateObject,
} from './json-objects.ts';
import { jsonUploads } from './json-upload.ts';
import type { FakeAccounts } from './oauth.ts';
import { invalid, jsonError, Refusal, xmlError } from './refusal.ts';
import { decodePart, type FakeAnswer, type FakeRequest } from './request.ts';
import { checkSignature, isSigned } from './signed-url.ts';
import { xmlMultipart } from './xml-multipart.ts';
import { checkXmlRequest, type XmlCall, xmlDelete, xmlGet, xmlPut } from './xml-objects.ts';

/** What the fake answers with. */
export interface RouterSettings {
  readonly state: GcsState;
  readonly accounts: FakeAccounts;
  /** Address of the fake. */
  url(): string;
  readonly maxRewriteBytes: number;
  /** Permissions that the account lacks. */
  readonly denied: Set<string>;
  /** Takes the begin of a resumable upload without a token. */
  readonly anonymousUploads: boolean;
}

/** What a method needs, as far as the fake can take it away. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  'buckets.get': 'storage.buckets.get',
  'objects.list': 'storage.objects.list',
  'objects.get': 'storage.objects.get',
  'objects.insert': 'storage.objects.create',
  'objects.delete': 'storage.objects.delete',
};

/** Makes the function that answers requests. */
export function fakeRouter(settings: RouterSettings): (request: FakeRequest) => FakeAnswer {
  const { state, accounts, url, maxRewriteBytes, denied, anonymousUploads } = settings;
  const uploads = jsonUploads();
  const multipart = xmlMultipart();

  function allow(method: string): void {
    const permission = PERMISSIONS[method] ?? '';
    if (!denied.has(permission)) return;
    const who = accounts.credentials.client_email;
    throw new Refusal(
      403,
      'forbidden',
      `${who} does not have ${permission} access to the Google Cloud Storage resource. Permission '${permission}' denied on resource (or it may not exist).`,
    );
  }

  function answerJson(request: FakeRequest, below: string): FakeAnswer {
    const path = request.path.slice(below.length);
    const known = JSON_METHODS.filter((method) => method.path.test(path));
    const method = known.find(({ http }) => http === request.method);
    if (known.length === 0) throw new Refusal(404, 'notFound', 'Not Found');
    if (method === undefined) throw new Refusal(405, 'methodNotAllowed', 'Method Not Allowed');
    for (const name of Object.keys(request.query)) {
      if (!method.parameters.has(name)) {
        throw invalid(`Unknown query parameter: ${name}`, 'invalidParameter');
      }
    }
    const isResumable =
      method.id === 'objects.insert' && request.query['uploadType'] === 'resumable';
    const isAnonymous = request.headers['authorization'] === undefined;
    if (!(anonymousUploads && isResumable && isAnonymous)) accounts.authorize(request.headers);
    const [, ...parts] = method.path.exec(path) ?? [];
    const [bucketName = '', name = '', targetBucket = '', targetName = ''] = parts.map(decodePart);
    if (method.id === 'buckets.list') return listBuckets(state, url(), request);
    if (method.id === 'buckets.insert') return insertBucket(state, url(), request);
    const bucket = state.bucket(bucketName);
    allow(method.id);
    const call: ObjectCall = { state, url: url(), request, bucket, name, maxRewriteBytes };
    const target = () => ({ bucket: state.bucket(targetBucket), name: targetName });
    switch (method.id) {
      case 'buckets.get':
        return getBucket(bucket, url(), request);
      case 'buckets.patch':
        return patchBucket(state, bucket, url(), request);
      case 'buckets.delete':
        return deleteBucket(state, bucket);
      case 'buckets.testIamPermissions':
        return testPermissions(request, denied);
      case 'objects.list':
        return listObjects(call);
      case 'objects.get':
        return getObject(call);
      case 'objects.delete':
        return deleteObject(call);
      case 'objects.patch':
        return patchObject(call);
      case 'objects.update':
        return updateObject(call);
      case 'objects.compose':
        return composeObjects(call);
      case 'objects.copy':
        return copyObject(call, target());
      case 'objects.rewrite':
        return rewriteObject(call, target());
      default:
        return uploads.insert(call);
    }
  }

  function answerUpload(request: FakeRequest): FakeAnswer {
    const below = '/upload/storage/v1/';
    const isSession = request.query['upload_id'] !== undefined;
    if (!isSession) return answerJson(request, below);
    const [, name = ''] = /^b\/([^/]+)\/o$/.exec(request.path.slice(below.length)) ?? [];
    const bucket = state.bucket(decodePart(name));
    return uploads.resume({ state, url: url(), request, bucket });
  }

  function answerXml(request: FakeRequest): FakeAnswer {
    const { path, query, method } = request;
    const [, bucketName = '', ...rest] = path.split('/');
    checkXmlRequest(request);
    if (isSigned(request)) {
      const { publicKey, credentials } = accounts;
      const now = state.now();
      checkSignature(request, { publicKey, email: credentials.client_email, now });
    } else {
      accounts.authorize(request.headers);
    }
    const bucket = state.bucket(decodePart(bucketName));
    const name = decodePart(rest.join('/'));
    if (name === '') {
      if (method === 'GET' && 'uploads' in query) return multipart.listUploads(bucket, query);
      throw new Refusal(501, 'NotImplemented', 'The fake lists objects in the JSON API alone.');
    }
    return xmlOperation({ state, url: url(), request, bucket, name });
  }

  function xmlOperation(call: XmlCall): FakeAnswer {
    const { method, query } = call.request;
    const isPart = 'uploadId' in query;
    switch (method) {
      case 'GET':
      case 'HEAD':
        if (isPart) return multipart.listParts(call);
        allow('objects.get');
        return xmlGet(call);
      case 'PUT':
        allow('objects.insert');
        return isPart ? multipart.putPart(call) : xmlPut(call);
      case 'POST':
        allow('objects.insert');
        if ('uploads' in query) return multipart.initiate(call);
        if (isPart) return multipart.complete(call);
        break;
      case 'DELETE':
        if (isPart) return multipart.abort(call);
        allow('objects.delete');
        return xmlDelete(call);
      default:
    }
    throw new Refusal(405, 'MethodNotAllowed', 'The specified method is not allowed.');
  }

  function bucketOf({ path }: FakeRequest): Bucket | undefined {
    const [, name = ''] = /(?:\/b)?\/([^/]+)/.exec(path.replace(/^.*\/storage\/v1/, '')) ?? [];
    return state.buckets.get(name);
  }

  function answer(request: FakeRequest): FakeAnswer {
    const { path, query } = request;
    if (path === '/token') return accounts.token(request);
    if (path === '/batch/storage/v1') return answerBatch(request, guarded);
    if (path.startsWith('/upload/storage/v1/')) return answerUpload(request);
    if (path.startsWith('/download/storage/v1/')) {
      return answerJson({ ...request, query: { ...query, alt: 'media' } }, '/download/storage/v1/');
    }
    if (path.startsWith('/storage/v1/')) return answerJson(request, '/storage/v1/');
    return answerXml(request);
  }

  function guarded(request: FakeRequest): FakeAnswer {
    const isJson = /^\/(?:(?:upload|download|batch)\/)?storage\/v1(?:\/|$)|^\/token$/.test(
      request.path,
    );
    try {
      return masked(answer(request), request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const type = isJson ? 'application/json; charset=UTF-8' : 'application/xml; charset=UTF-8';
      const hasBody = error.status !== 304;
      return {
        status: error.status,
        headers: { ...error.headers, ...(hasBody && { 'content-type': type }) },
        ...(hasBody && { body: isJson ? jsonError(error) : xmlError(error) }),
      };
    }
  }

  return (request) => {
    const bucket = bucketOf(request);
    if (request.method === 'OPTIONS') return answerPreflight(bucket, request);
    const { headers, ...rest } = guarded(request);
    return { ...rest, headers: { ...headers, ...corsHeaders(bucket, request) } };
  };
}

/** Applies `fields` to a JSON answer. */
function masked(answer: FakeAnswer, { query }: FakeRequest): FakeAnswer {
  const isJson = answer.headers?.['content-type']?.startsWith('application/json') === true;
  const { fields, alt } = query;
  if (fields === undefined || !isJson || alt === 'media' || typeof answer.body !== 'string') {
    return answer;
  }
  return { ...answer, body: JSON.stringify(selectFields(JSON.parse(answer.body), fields)) };
}
