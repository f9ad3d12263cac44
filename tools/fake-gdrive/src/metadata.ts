import { WRITABLE_FIELDS } from './description.ts';
import type { FakeFile } from './file-resource.ts';
import { refusal, refuse } from './refusal.ts';

/**
 * "Maximum of 124 bytes size per property (including both key and value) string in UTF-8 encoding",
 * "30 private properties per file from any one application", "30 public properties per file", "100
 * custom properties per file". https://developers.google.com/workspace/drive/api/guides/properties, read 2026-11-21
 */
const MAX_PROPERTY_BYTES = 124;
const MAX_PROPERTIES = 30;

type Fields = Readonly<Record<string, unknown>>;

/** Refuses fields that are unknown, not writable, or of another type. */
export function checkMetadata(metadata: Fields, method: 'create' | 'update' | 'copy'): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (!WRITABLE_FIELDS.includes(name)) {
      throw refusal(
        403,
        'fieldNotWritable',
        'The resource body includes fields which are not directly writable.',
      );
    }
    if (name === 'parents' && method === 'update') {
      throw refusal(
        403,
        'fieldNotWritable',
        'The parents field is not directly writable in update requests. Use the addParents and removeParents parameters instead.',
      );
    }
    if (name === 'id' && method !== 'create' && method !== 'copy') {
      throw refusal(
        403,
        'fieldNotWritable',
        'The resource body includes fields which are not directly writable.',
      );
    }
    if (!fits(name, value)) throw refuse.invalid('Invalid Value', name);
  }
}

/** Writes fields that {@link checkMetadata} let through. */
export function applyMetadata(file: FakeFile, metadata: Fields, app: string): void {
  const {
    name,
    trashed,
    appProperties,
    properties,
    mimeType: _type,
    parents: _parents,
    ...rest
  } = metadata;
  const own = merged(file.appProperties.get(app), appProperties as Fields | undefined);
  const open = merged(file.properties, properties as Fields | undefined);
  if (typeof name === 'string') file.name = name;
  if (typeof trashed === 'boolean') file.trashed = trashed;
  if (typeof metadata['modifiedTime'] === 'string') file.modifiedTime = metadata['modifiedTime'];
  file.appProperties.set(app, own);
  file.properties.clear();
  for (const [key, value] of open) file.properties.set(key, value);
  for (const field of [
    'description',
    'starred',
    'copyRequiresWriterPermission',
    'writersCanShare',
  ]) {
    if (rest[field] !== undefined) file.rest[field] = rest[field];
  }
  if (rest['shortcutDetails'] !== undefined) file.rest['shortcutDetails'] = rest['shortcutDetails'];
}

function merged(
  current: ReadonlyMap<string, string> = new Map(),
  patch: Fields = {},
): Map<string, string> {
  const next = new Map(current);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      next.delete(key);
      continue;
    }
    if (Buffer.byteLength(key) + Buffer.byteLength(String(value)) > MAX_PROPERTY_BYTES) {
      throw refusal(
        400,
        'propertyTooLarge',
        'The size of the property key and value exceeds the limit of 124 bytes.',
      );
    }
    next.set(key, String(value));
  }
  if (next.size > MAX_PROPERTIES) {
    throw refusal(
      403,
      'propertyCountLimitExceeded',
      'The number of properties of this file exceeds the limit.',
    );
  }
  return next;
}

function fits(name: string, value: unknown): boolean {
  switch (name) {
    case 'name':
      return typeof value === 'string' && value !== '' && value.isWellFormed();
    case 'parents':
      return Array.isArray(value) && value.every((id) => typeof id === 'string');
    case 'trashed':
    case 'starred':
    case 'copyRequiresWriterPermission':
    case 'writersCanShare':
      return typeof value === 'boolean';
    case 'appProperties':
    case 'properties':
      return (
        typeof value === 'object' &&
        value !== null &&
        Object.values(value).every((text) => typeof text === 'string' || text === null)
      );
    case 'createdTime':
    case 'modifiedTime':
    case 'viewedByMeTime':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    case 'mimeType':
      return typeof value === 'string' && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(value);
    case 'contentHints':
    case 'shortcutDetails':
      return typeof value === 'object' && value !== null;
    default:
      return typeof value === 'string';
  }
}
