import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import {
  type AttributesPatch,
  type CopyOptions,
  isStorageError,
  type ObjectAttributes,
  type ObjectInfo,
  patchAttributes,
  type SetMetadataOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { attributeFields, ownFacts, toInfo } from './s3-attributes.ts';
import type { S3Store } from './s3-client.ts';
import { quoted } from './s3-conditions.ts';
import { copyInParts } from './s3-copy-parts.ts';
import { notS3 } from './s3-errors.ts';
import { copySource } from './s3-keys.ts';
import type { S3NativeOptions } from './s3-native.ts';
import { headObject, statObject } from './s3-read.ts';

/** How often a change of attributes begins again because somebody else wrote. */
const MAX_RACES = 4;

/** What is copied, and under which terms. */
export interface CopyPlan {
  readonly from: string;
  readonly to: string;
  readonly version?: string | undefined;
  /** The write of the source that is copied, without quotes. */
  readonly sourceIfMatch?: string | undefined;
  readonly ifNoneMatch?: '*' | undefined;
  /** The write of the target that is replaced, without quotes. */
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The source, when its attributes do not stay as they are. */
interface Replacement {
  readonly head: HeadObjectCommandOutput;
  readonly info: ObjectInfo;
  readonly attributes: ObjectAttributes;
  readonly native: S3NativeOptions | undefined;
}

/** Copies inside the service. Attributes and tags are kept; storage class and encryption are as of a put. */
export async function copyObject(
  store: S3Store,
  from: string,
  to: string,
  { attributes, sourceIfMatch, ifNoneMatch, signal }: CopyOptions,
): Promise<ObjectInfo> {
  const plan = { from, to, sourceIfMatch, ifNoneMatch, signal };
  if (from === to && attributes === undefined) return untouched(store, plan);
  if (attributes === undefined) return copyPlain(store, plan);
  const { head, info } = await headOf(store, from, signal);
  checkEtag(info, sourceIfMatch);
  return copyReplacing(
    store,
    { ...plan, sourceIfMatch: info.etag },
    { head, info, attributes: patchAttributes(info, attributes), native: store.native },
  );
}

/**
 * Changes attributes by copying the object onto itself, under the condition that it is the same write.
 * Storage class, encryption, locks and the redirect stay; an access list does not, S3 keeps none here.
 */
export async function setObjectMetadata(
  store: S3Store,
  key: string,
  patch: AttributesPatch,
  { ifMatch, signal }: SetMetadataOptions,
  checksTarget: boolean,
): Promise<ObjectInfo> {
  for (let race = 1; ; race += 1) {
    const { head, info } = await headOf(store, key, signal);
    checkEtag(info, ifMatch);
    const plan = {
      from: key,
      to: key,
      sourceIfMatch: info.etag,
      ...(checksTarget && { ifMatch: info.etag }),
      signal,
    };
    try {
      return await copyReplacing(store, plan, {
        head,
        info,
        attributes: patchAttributes(info, patch),
        native: nativeOf(head),
      });
    } catch (error) {
      const raced = ifMatch === undefined && isStorageError(error, 'precondition-failed');
      if (!raced) throw error;
      if (race === MAX_RACES) {
        throw new StorageError('conflict', 'others keep writing the object.', {
          outcome: 'not-applied',
          cause: error,
        });
      }
    }
  }
}

/**
 * Makes an old version the current one again, with its attributes and tags. All attributes are said anew:
 * the service refuses a copy onto itself that says nothing.
 */
export async function copyVersion(
  store: S3Store,
  key: string,
  version: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const { head, info } = await headOf(store, key, signal, version);
  const plan = { from: key, to: key, version, signal };
  return copyReplacing(store, plan, { head, info, attributes: info, native: nativeOf(head) });
}

/** A copy onto itself that changes nothing: the service refuses it, so it is looked at only. */
async function untouched(store: S3Store, plan: CopyPlan): Promise<ObjectInfo> {
  const info = await statObject(store, plan.from, plan.signal ? { signal: plan.signal } : {});
  checkEtag(info, plan.sourceIfMatch);
  if (plan.ifNoneMatch === undefined) return info;
  throw new StorageError('precondition-failed', 'the target exists: it is the source itself.', {
    outcome: 'not-applied',
  });
}

async function copyPlain(store: S3Store, plan: CopyPlan): Promise<ObjectInfo> {
  const { to, signal } = plan;
  const input: CopyObjectCommandInput = {
    ...requestOf(store, plan),
    ...store.native,
  };
  let version: string | undefined;
  try {
    const command = new CopyObjectCommand(input);
    const output = await store.send(signal, (client, terms) => client.send(command, terms));
    if (output.CopyObjectResult?.ETag === undefined) throw notS3('it tells of no copy');
    version = output.VersionId;
  } catch (error) {
    const source = await tooLargeSource(store, plan, error);
    return copyInParts(store, plan, {
      ...source,
      fields: { ...attributeFields(source.info, ownFacts(source.info)), ...store.native },
    });
  }
  return statObject(store, to, {
    ...(signal !== undefined && { signal }),
    ...(version !== undefined && { version }),
  });
}

async function copyReplacing(
  store: S3Store,
  plan: CopyPlan,
  { head, info, attributes, native }: Replacement,
): Promise<ObjectInfo> {
  const { to, signal } = plan;
  const fields = { ...attributeFields(attributes, ownFacts(info)), ...native };
  if (info.size > store.limits.maxCopyBytes) {
    return copyInParts(store, plan, { info, tagCount: head.TagCount, fields });
  }
  const command = new CopyObjectCommand({
    ...requestOf(store, plan),
    MetadataDirective: 'REPLACE',
    ...fields,
  });
  const output = await store.send(signal, (client, terms) => client.send(command, terms));
  const result = output.CopyObjectResult;
  if (result?.ETag === undefined || result.LastModified === undefined) {
    throw notS3('it tells of no copy');
  }
  // Some services do not say here which version the copy became.
  if (output.VersionId === undefined && info.version !== undefined) {
    return statObject(store, to, signal ? { signal } : {});
  }
  return toInfo(to, { ...fields, ...result, VersionId: output.VersionId }, info.size);
}

function requestOf(store: S3Store, plan: CopyPlan): CopyObjectCommandInput {
  const { from, to, version, sourceIfMatch, ifMatch, ifNoneMatch } = plan;
  const { target, bucket } = store;
  return {
    ...target,
    Key: to,
    CopySource: copySource(bucket, from, version),
    ...(target.ExpectedBucketOwner !== undefined && {
      ExpectedSourceBucketOwner: target.ExpectedBucketOwner,
    }),
    ...(sourceIfMatch !== undefined && { CopySourceIfMatch: quoted(sourceIfMatch) }),
    ...(ifMatch !== undefined && { IfMatch: quoted(ifMatch) }),
    ...(ifNoneMatch !== undefined && { IfNoneMatch: ifNoneMatch }),
  };
}

/** The source, when the copy failed because it does not fit one request; else throws the failure. */
async function tooLargeSource(
  store: S3Store,
  { from, signal }: CopyPlan,
  error: unknown,
): Promise<{ readonly info: ObjectInfo; readonly tagCount: number | undefined }> {
  const mayBe = ['invalid-argument', 'too-large'].some(
    (code) => isStorageError(error) && error.code === code,
  );
  if (!mayBe) throw error;
  const { head, info } = await headOf(store, from, signal);
  if (info.size <= store.limits.maxCopyBytes) throw error;
  return { info, tagCount: head.TagCount };
}

async function headOf(
  store: S3Store,
  key: string,
  signal: AbortSignal | undefined,
  version?: string,
): Promise<{ readonly head: HeadObjectCommandOutput; readonly info: ObjectInfo }> {
  const head = await headObject(store, key, {
    ...(signal !== undefined && { signal }),
    ...(version !== undefined && { version }),
  });
  return { head, info: toInfo(key, head, head.ContentLength) };
}

function checkEtag({ etag }: ObjectInfo, wanted: string | undefined): void {
  if (wanted === undefined || wanted === etag) return;
  throw new StorageError('precondition-failed', 'the object is another write than this one.', {
    outcome: 'not-applied',
  });
}

/** What the service drops of an object that is copied onto itself, unless it is said again. */
function nativeOf(head: HeadObjectCommandOutput): S3NativeOptions {
  const {
    StorageClass,
    ServerSideEncryption,
    SSEKMSKeyId,
    BucketKeyEnabled,
    WebsiteRedirectLocation,
    Expires,
    ObjectLockMode,
    ObjectLockRetainUntilDate,
    ObjectLockLegalHoldStatus,
  } = head;
  const said = {
    StorageClass,
    ServerSideEncryption,
    SSEKMSKeyId,
    BucketKeyEnabled,
    WebsiteRedirectLocation,
    Expires,
    ObjectLockMode,
    ObjectLockRetainUntilDate,
    ObjectLockLegalHoldStatus,
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
