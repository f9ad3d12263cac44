import type { JsonValue } from '../contract/json.ts';
import type { ObjectAttributes } from '../contract/object-info.ts';
import { createId } from '../engine/create-id.ts';
import {
  type CompanionRecord,
  type CompanionSide,
  fromRecordJson,
  isObject,
  toRecordJson,
  unreadable,
} from './companion-record.ts';

/**
 * Where companions lie: `meta-json`, beside the object as `<key>.meta.json`; `meta`, as
 * `<key>.meta`; `manifest`, one `.source-metadata.json` in each folder for all objects in it.
 */
export type CompanionLayout = 'meta-json' | 'meta' | 'manifest';

/** The layout where none is named. */
export const DEFAULT_COMPANION_LAYOUT: CompanionLayout = 'meta-json';

const MANIFEST = '.source-metadata.json';
const SUFFIXES = { 'meta-json': '.meta.json', meta: '.meta' } as const;

/** Key of the companion of an object; in a manifest layout, of all objects of its folder. */
export function companionName(
  key: string,
  layout: CompanionLayout = DEFAULT_COMPANION_LAYOUT,
): string {
  if (layout === 'manifest') return key.slice(0, key.lastIndexOf('/') + 1) + MANIFEST;
  return key + SUFFIXES[layout];
}

/** Whether the last segment of a key is the name of a companion. */
export function isCompanionName(
  key: string,
  layout: CompanionLayout = DEFAULT_COMPANION_LAYOUT,
): boolean {
  return companionPattern(layout).test(key.slice(key.lastIndexOf('/') + 1));
}

/** What matches the names of companions, for the patterns of a segment codec. */
export function companionPattern(layout: CompanionLayout = DEFAULT_COMPANION_LAYOUT): RegExp {
  if (layout === 'manifest') return /^\.source-metadata\.json$/;
  return layout === 'meta' ? /\.meta$/ : /\.meta\.json$/;
}

/** Key of the object that a companion belongs to; `undefined` for a manifest, which has many. */
export function companionOwner(name: string, layout: CompanionLayout): string | undefined {
  return layout === 'manifest' ? undefined : name.slice(0, -SUFFIXES[layout].length);
}

/** Longest addition of a companion's name to a key. Units: bytes. */
export function companionBytes(layout: CompanionLayout): number {
  return layout === 'manifest' ? MANIFEST.length : SUFFIXES[layout].length;
}

/**
 * The record of an object in the text of its companion; `undefined` when there is none.
 * Errors: `corrupted`, `invalid-data`, each naming the companion.
 */
export function readCompanion(
  text: string,
  key: string,
  layout: CompanionLayout = DEFAULT_COMPANION_LAYOUT,
): CompanionRecord | undefined {
  const name = companionName(key, layout);
  const json = parse(text, name);
  if (layout !== 'manifest') return fromRecordJson(json, name);
  const entry = entriesOf(json, name).get(segmentOf(key));
  return entry === undefined ? undefined : fromEntry(entry, name);
}

/** What {@link writeCompanion} is told. */
export interface WriteCompanion {
  readonly key: string;
  /** The companion's text so far, if there is one. */
  readonly text: string | undefined;
  /** What it shall say of the object; `undefined` for nothing. */
  readonly record: CompanionRecord | undefined;
  /** Default: `meta-json`. */
  readonly layout?: CompanionLayout;
  readonly now: Date;
}

/** The text of a companion after a change; `undefined` when it is to be removed. */
export function writeCompanion(write: WriteCompanion): string | undefined {
  const { key, text, record, layout = DEFAULT_COMPANION_LAYOUT, now } = write;
  if (layout !== 'manifest') {
    return record === undefined ? undefined : format(toRecordJson(record));
  }
  const name = companionName(key, layout);
  const json = text === undefined ? {} : parse(text, name);
  const objects = entriesOf(json, name);
  const segment = segmentOf(key);
  if (record === undefined) objects.delete(segment);
  else objects.set(segment, toEntry(record, objects.get(segment), now));
  if (objects.size === 0) return undefined;
  const [accountId = '', repositoryId = ''] = key.split('/').slice(0, -1);
  return format({
    repository_id: repositoryId,
    account_id: accountId,
    ...(json as object),
    objects: Object.fromEntries(objects),
    last_updated: now.toISOString(),
  });
}

type Entry = Readonly<Record<string, unknown>>;

/** An entry as other programs know it, with what only we need under `granary`. */
function toEntry(record: CompanionRecord, before: Entry | undefined, now: Date): Entry {
  const { attributes, size, checksums, createdAt } = record.next;
  const updated = now.toISOString();
  const { id, created_at: created } = before ?? {};
  return {
    ...before,
    id: typeof id === 'string' ? id : createId(),
    type: 'file',
    size: size ?? 0,
    mime_type: attributes.contentType ?? '',
    created_at: createdAt?.toISOString() ?? (typeof created === 'string' ? created : updated),
    updated_at: updated,
    checksum: checksums?.['sha256'] ?? '',
    metadata: attributes.metadata ?? {},
    granary: toRecordJson(record),
  };
}

function fromEntry(entry: Entry, name: string): CompanionRecord {
  const { granary, metadata, mime_type: contentType } = entry;
  if (granary !== undefined) return withEdits(fromRecordJson(granary, name), entry);
  const attributes: ObjectAttributes = {
    ...(typeof contentType === 'string' && contentType !== '' && { contentType }),
    ...(isObject(metadata) && { metadata: metadata as Record<string, JsonValue> }),
  };
  return { next: { attributes } };
}

/** Another program that knows the manifest changes `metadata` and leaves the rest alone. */
function withEdits(record: CompanionRecord, { metadata }: Entry): CompanionRecord {
  if (!isObject(metadata)) return record;
  const { metadata: _replaced, ...attributes } = record.next.attributes;
  const next: CompanionSide = {
    ...record.next,
    attributes:
      Object.keys(metadata).length === 0
        ? attributes
        : { ...attributes, metadata: metadata as Record<string, JsonValue> },
  };
  return { ...record, next };
}

function entriesOf(json: unknown, name: string): Map<string, Entry> {
  if (!isObject(json)) throw unreadable(name, 'it holds no JSON object');
  const { objects = {} } = json;
  if (!isObject(objects)) throw unreadable(name, 'its "objects" are no map');
  return new Map(
    Object.entries(objects).map(([segment, entry]) => {
      if (!isObject(entry)) throw unreadable(name, `its entry of "${segment}" is none`);
      return [segment, entry];
    }),
  );
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw unreadable(name, 'it is not JSON');
  }
}

function format(json: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

function segmentOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
