import {
  type PresignedRequest,
  type PresignOptions,
  StorageError,
  unsupported,
} from '@granary/storage-core/provider';
import type { SupabaseBucket } from './supabase-client.ts';
import { unreadable } from './supabase-errors.ts';
import { toName, toPath } from './supabase-keys.ts';

const HOUR_MS = 60 * 60 * 1000;
/**
 * How long the hosted service's signed upload URLs are good; no other time can be asked for.
 * https://supabase.com/docs/reference/javascript/storage-from-createsigneduploadurl, read 2026-11-21
 */
const UPLOAD_MS = 2 * HOUR_MS;
/** `attachment`, with a file name in one of its forms or without. */
const ATTACHMENT = /^attachment\s*(?:;\s*filename="?((?:[^"\\;]|\\.)*)"?\s*)?;?$/i;
const ATTACHMENT_UTF8 = /^attachment\s*;.*filename\*=UTF-8''([^;]+)\s*;?$/i;

/** Signs a request. The service does it, so this is a request, and reading is signed for what exists. */
export async function presignRequest(
  store: SupabaseBucket,
  key: string,
  options: PresignOptions,
): Promise<PresignedRequest> {
  const name = toName(key, store.bucket);
  return options.method === 'PUT'
    ? presignPut(store, name, options)
    : presignGet(store, name, options);
}

/** The lasting URL of an object in a public bucket, or behind the given address. */
export function publicUrlOf(store: SupabaseBucket, key: string, base?: string): string {
  const from = base ?? `${store.url}/object/public/${encodeURIComponent(store.bucket)}`;
  return `${from.replace(/\/+$/, '')}/${toPath(toName(key, store.bucket))}`;
}

/** The signing of many is used for one: it takes the name as it is, the other decodes a path by half. */
async function presignGet(
  store: SupabaseBucket,
  name: string,
  { expiresInMs = HOUR_MS, responseDisposition, signal }: PresignOptions,
): Promise<PresignedRequest> {
  const download = downloadOf(responseDisposition);
  const [signed] = await store.call(
    (files) => files.createSignedUrls([name], Math.ceil(expiresInMs / 1000)),
    { signal },
  );
  if (signed?.error !== null) {
    throw new StorageError('not-found', 'there is no object to sign a request for.', {
      hint: 'Supabase signs reading of existing objects alone.',
    });
  }
  const token = tokenOf(signed.signedURL);
  const query = new URLSearchParams({ token });
  if (download !== undefined) query.set('download', download);
  return {
    url: `${place(store, 'object/sign', name)}?${query}`,
    method: 'GET',
    headers: {},
    expiresAt: expiryOf(token),
  };
}

async function presignPut(
  store: SupabaseBucket,
  name: string,
  { expiresInMs = HOUR_MS, signal }: PresignOptions,
): Promise<PresignedRequest> {
  // An hour is what everybody asks for who says nothing; `expiresAt` tells what it is.
  if (expiresInMs !== HOUR_MS && expiresInMs !== UPLOAD_MS) {
    throw unsupported(undefined, 'another time than two hours for a signed PUT');
  }
  const { token } = await store.call(
    (files) => files.createSignedUploadUrl(toPath(name), { upsert: true }),
    { signal },
  );
  return {
    url: `${place(store, 'object/upload/sign', name)}?${new URLSearchParams({ token })}`,
    method: 'PUT',
    headers: {},
    expiresAt: expiryOf(token),
  };
}

function place({ url, bucket }: SupabaseBucket, route: string, name: string): string {
  return `${url}/${route}/${encodeURIComponent(bucket)}/${toPath(name)}`;
}

/** The file name that the service is asked for; it answers with `attachment` alone. */
function downloadOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined;
  const encoded = ATTACHMENT_UTF8.exec(disposition)?.[1];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // No percent-encoding: refused below.
  }
  const match = ATTACHMENT.exec(disposition);
  if (match === null) throw unsupported(undefined, 'a disposition other than `attachment`');
  return (match[1] ?? '').replace(/\\(.)/g, '$1');
}

function tokenOf(url: string | null): string {
  const token = /[?&]token=([^&]+)/.exec(url ?? '')?.[1];
  if (token === undefined) throw unreadable();
  return token;
}

function expiryOf(token: string): Date {
  const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
  try {
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    if (typeof exp === 'number') return new Date(exp * 1000);
  } catch {
    // No token: refused below.
  }
  throw unreadable();
}
