import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import type { ObjectInfo, OperationOptions } from '@granary/storage-core/provider';
import { wholeSeconds } from './s3-attributes.ts';
import type { S3Store } from './s3-client.ts';
import { toEtag } from './s3-conditions.ts';
import { copyVersion } from './s3-copy.ts';
import { notS3 } from './s3-errors.ts';
import { decodeName } from './s3-keys.ts';

/** Lists the versions of exactly this key, newest first. Delete markers hold nothing and are left out. */
export async function* listVersions(
  store: S3Store,
  key: string,
  { signal }: OperationOptions,
): AsyncGenerator<readonly ObjectInfo[], void, undefined> {
  let marker: { readonly KeyMarker?: string; readonly VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
      ...store.target,
      EncodingType: 'url',
      Prefix: key,
      ...marker,
    });
    const output = await store.send(signal, (client, terms) => client.send(command, terms));
    const { Versions = [], DeleteMarkers = [], IsTruncated } = output;
    if (IsTruncated === undefined) throw notS3('it is no list of versions');
    const ours = (name: string | undefined) => decodeName(name ?? '') === key;
    const infos = Versions.filter(({ Key }) => ours(Key)).map((version): ObjectInfo => {
      const { ETag, Size, LastModified, VersionId } = version;
      if (!ETag || Size === undefined || !LastModified || !VersionId) {
        throw notS3('a version lacks its id, etag, size or date');
      }
      return {
        key,
        size: Size,
        etag: toEtag(ETag),
        modifiedAt: wholeSeconds(LastModified),
        version: VersionId,
      };
    });
    if (infos.length > 0) yield infos;
    // The key itself comes first of all that begin with it.
    const isPast = [...Versions, ...DeleteMarkers].some(({ Key }) => !ours(Key));
    const { NextKeyMarker, NextVersionIdMarker } = output;
    marker =
      IsTruncated && !isPast && NextKeyMarker !== undefined
        ? {
            KeyMarker: decodeName(NextKeyMarker),
            ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
          }
        : undefined;
  }
}

/** Makes an old version the current one, as a new version. */
export async function restoreVersion(
  store: S3Store,
  key: string,
  version: string,
  { signal }: OperationOptions,
): Promise<ObjectInfo> {
  return copyVersion(store, key, version, signal);
}
