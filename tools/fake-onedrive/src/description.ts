import { ITEM_FIELDS } from './item-json.ts';

/** What the fake takes for granted of each type of Microsoft Graph. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  driveItem: [...ITEM_FIELDS, 'children', 'content'],
  baseItem: ['id', 'name', 'eTag', 'createdDateTime', 'lastModifiedDateTime', 'parentReference'],
  drive: ['driveType', 'quota'],
  driveItemVersion: ['content', 'id', 'lastModifiedDateTime', 'size'],
  fileSystemInfo: ['createdDateTime', 'lastAccessedDateTime', 'lastModifiedDateTime'],
  quota: ['total', 'used', 'remaining', 'deleted', 'state'],
  hashes: ['quickXorHash', 'sha1Hash', 'sha256Hash'],
  itemReference: ['id', 'driveId', 'driveType', 'path'],
  uploadSession: ['uploadUrl', 'expirationDateTime', 'nextExpectedRanges'],
  driveItemUploadableProperties: ['description', 'fileSize', 'fileSystemInfo', 'name'],
};
const OPERATIONS = ['createUploadSession', 'permanentDelete', 'delta', 'restoreVersion'];

/**
 * What the published description of Microsoft Graph, https://graph.microsoft.com/v1.0/$metadata, lacks
 * of what the fake knows. Annotations such as the address of the content are not described there.
 */
export function differences(metadata: string): readonly string[] {
  const found: string[] = [];
  const types = new Map<string, { readonly base: string; readonly names: ReadonlySet<string> }>();
  for (const [, name = '', rest = '', body = ''] of metadata.matchAll(
    /<(?:EntityType|ComplexType) Name="(\w+)"([^>]*)>([\s\S]*?)<\/(?:EntityType|ComplexType)>/g,
  )) {
    const [, base = ''] = /BaseType="[\w.]*?(\w+)"/.exec(rest) ?? [];
    const names = [...body.matchAll(/<(?:Navigation)?Property Name="(\w+)"/g)].map(
      ([, property = '']) => property,
    );
    types.set(name, { base, names: new Set(names) });
  }
  const has = (type: string, name: string): boolean => {
    const known = types.get(type);
    return known !== undefined && (known.names.has(name) || has(known.base, name));
  };
  for (const [type, names] of Object.entries(TYPES)) {
    if (!types.has(type)) found.push(`there is no type ${type}`);
    for (const name of names) {
      if (types.has(type) && !name.startsWith('@') && !has(type, name)) {
        found.push(`${type} has no ${name}`);
      }
    }
  }
  for (const name of OPERATIONS) {
    if (!new RegExp(`<(?:Action|Function) Name="${name}"`).test(metadata)) {
      found.push(`there is no operation ${name}`);
    }
  }
  return found;
}
