import {
  type AttributesPatch,
  type CopyOptions,
  type ObjectInfo,
  patchAttributes,
  type SetMetadataOptions,
  toStorageError,
} from '@granary/storage-core/provider';
import { toInfo, toNative } from './gdrive-attributes.ts';
import { readJson } from './gdrive-client.ts';
import { removeFiles } from './gdrive-delete.ts';
import { notFound } from './gdrive-errors.ts';
import { checkWritable } from './gdrive-export.ts';
import { type DriveFile, FILE_FIELDS, toFile } from './gdrive-file.ts';
import { filePath, folderFor } from './gdrive-folders.ts';
import { segmentsOf } from './gdrive-keys.ts';
import { lookUp, lookUpAll, type Place } from './gdrive-lookup.ts';
import { statObject } from './gdrive-read.ts';
import type { GdriveStore } from './gdrive-store.ts';

/**
 * Copies an object in the service. The copy is a file of its own beside the target that is there; it is
 * newer, so it is the object from then on, and the old target goes away afterwards.
 */
export async function copyObject(
  store: GdriveStore,
  from: string,
  to: string,
  { attributes, signal }: CopyOptions,
): Promise<ObjectInfo> {
  if (from === to) return changeAttributes(store, from, attributes, signal);
  const { source, target } = await bothPlaces(store, from, to, signal);
  const parent = await folderFor(store, target, signal);
  const copy = await sendFile(store, 'POST', `${filePath(source.id)}/copy`, {
    query: {},
    json: {
      name: segmentsOf(to).at(-1),
      parents: [parent],
      ...described(from, source, attributes),
    },
    signal,
  });
  await removeOld(store, target.files, signal);
  return toInfo(to, copy, store.keepsVersions);
}

/** Moves an object: its file gets another name and folder, and keeps its id and its revisions. */
export async function moveObject(
  store: GdriveStore,
  from: string,
  to: string,
  { attributes, signal }: CopyOptions,
): Promise<ObjectInfo> {
  if (from === to) return changeAttributes(store, from, attributes, signal);
  const { source, target, others } = await bothPlaces(store, from, to, signal);
  const parent = await folderFor(store, target, signal);
  const [before] = source.parents ?? [];
  const isSameFolder = folderOf(from) === folderOf(to);
  const moved = await sendFile(store, 'PATCH', filePath(source.id), {
    query: {
      ...(!isSameFolder && { addParents: parent }),
      ...(!isSameFolder && before !== undefined && { removeParents: before }),
    },
    json: { name: segmentsOf(to).at(-1), ...described(from, source, attributes) },
    signal,
  });
  await removeOld(store, [...target.files, ...others], signal);
  return toInfo(to, moved, store.keepsVersions);
}

/** Changes attributes and leaves the content alone. */
export async function setAttributes(
  store: GdriveStore,
  key: string,
  patch: AttributesPatch,
  { signal }: SetMetadataOptions,
): Promise<ObjectInfo> {
  return changeAttributes(store, key, patch, signal);
}

async function changeAttributes(
  store: GdriveStore,
  key: string,
  patch: AttributesPatch | undefined,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  if (patch === undefined) return statObject(store, key, { ...(signal && { signal }) });
  const [file] = (await lookUp(store, key, { signal })).files;
  if (file === undefined) throw notFound();
  checkWritable(store, file);
  const changed = await sendFile(store, 'PATCH', filePath(file.id), {
    query: {},
    json: described(key, file, patch),
    signal,
  });
  return toInfo(key, changed, store.keepsVersions);
}

/** Ids do not tell: the top folder has an alias, and several folders of one name are one. */
function folderOf(key: string): string {
  return segmentsOf(key).slice(0, -1).join('/');
}

interface Both {
  readonly source: DriveFile;
  /** Older files of the source's name. */
  readonly others: readonly DriveFile[];
  readonly target: Place;
}

async function bothPlaces(
  store: GdriveStore,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<Both> {
  const [place, target] = await lookUpAll(store, [from, to], { signal });
  const [source, ...others] = place?.files ?? [];
  if (source === undefined || target === undefined) throw notFound();
  for (const file of [source, ...target.files]) checkWritable(store, file);
  return { source, others, target };
}

/** Attributes after a change, as the service keeps them: "The value [of mimeType] cannot be changed unless a new revision is uploaded." */
function described(key: string, file: DriveFile, patch: AttributesPatch | undefined): object {
  if (patch === undefined) return {};
  const before = toInfo(key, file, false);
  const { appProperties } = toNative(patchAttributes(before, patch), {
    key,
    writeId: before.writeId,
    over: file,
    fixedType: file.mimeType,
  });
  return { appProperties };
}

interface Sending {
  readonly query: Readonly<Record<string, string>>;
  readonly json: object;
  readonly signal: AbortSignal | undefined;
}

async function sendFile(
  store: GdriveStore,
  method: string,
  path: string,
  { query, json, signal }: Sending,
): Promise<DriveFile> {
  const response = await store.client.send({
    method,
    path,
    query: { fields: FILE_FIELDS, ...query, ...store.fileQuery },
    json,
    signal,
  });
  return toFile(await readJson(response));
}

/** The target is stored by now, so nobody knows any more what a failure leaves. */
async function removeOld(
  store: GdriveStore,
  files: readonly DriveFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await removeFiles(store, files, signal);
  } catch (error) {
    throw toStorageError(error, {}, signal).with({ outcome: 'unknown' });
  }
}
