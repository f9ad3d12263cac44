import {
  createBucket,
  deleteBucket,
  emptyBucket,
  getBucket,
  listBuckets,
  updateBucket,
} from './bucket-routes.ts';
import { listFolder, listV2 } from './list-routes.ts';
import {
  copyObject,
  moveObject,
  removeObject,
  removeObjects,
  signObject,
  signObjects,
  signUpload,
} from './object-routes.ts';
import {
  infoAuthenticated,
  infoObject,
  infoPublic,
  readAuthenticated,
  readObject,
  readPublic,
  readSigned,
} from './read-routes.ts';
import type { Call, Handler } from './request.ts';
import type { TusUploads } from './tus-routes.ts';
import { uploadObject, uploadSigned } from './upload-routes.ts';

/** The handler of a request; `undefined` for a route that the service has not. */
export function routeOf(call: Call, tus: TusUploads): Handler | undefined {
  const { method, path } = call;
  const [area, first = ''] = path;
  if (area === 'bucket') return bucketRoute(method, path);
  if (area === 'upload' && first === 'resumable') return tus.handle;
  if (area !== 'object' || path.length < 2) return undefined;
  if (method === 'POST' && path.length === 3 && first === 'list') return listFolder;
  if (method === 'POST' && path.length === 3 && first === 'list-v2') return listV2;
  if (method === 'POST' && path.length === 2) {
    if (first === 'copy') return copyObject;
    return first === 'move' ? moveObject : undefined;
  }
  if (method === 'DELETE') return path.length === 2 ? removeObjects : removeObject;
  if (path.length < 3) return undefined;
  return namedRoute(call) ?? plainRoute(call);
}

/** Routes whose first segment is a word of the service's and no bucket. */
function namedRoute({ method, path }: Call): Handler | undefined {
  const [, first, second] = path;
  const reads = method === 'GET' || method === 'HEAD';
  if (first === 'authenticated' && reads) return readAuthenticated;
  if (first === 'public' && reads) return readPublic;
  if (first === 'sign' && method === 'GET') return readSigned;
  if (first === 'sign' && method === 'POST') return path.length === 3 ? signObjects : signObject;
  if (first === 'upload' && second === 'sign' && path.length > 4) {
    if (method === 'POST') return signUpload;
    if (method === 'PUT') return uploadSigned;
  }
  if (first !== 'info' || method !== 'GET') return undefined;
  if (second === 'authenticated' && path.length > 4) return infoAuthenticated;
  return second === 'public' && path.length > 4 ? infoPublic : infoObject;
}

function plainRoute({ method }: Call): Handler | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return readObject;
    case 'POST':
    case 'PUT':
      return uploadObject;
    default:
      return undefined;
  }
}

function bucketRoute(method: string, path: readonly string[]): Handler | undefined {
  if (path.length === 1) {
    if (method === 'GET') return listBuckets;
    return method === 'POST' ? createBucket : undefined;
  }
  if (path.length === 3) return method === 'POST' && path[2] === 'empty' ? emptyBucket : undefined;
  switch (method) {
    case 'GET':
      return getBucket;
    case 'PUT':
      return updateBucket;
    case 'DELETE':
      return deleteBucket;
    default:
      return undefined;
  }
}
